//! How stripes are locked: in index order, or by the one view whose turn it is to wait with others in hand.

use crate::engine::Shared;
use crate::error::{Error, Result};
use crate::keyspace::stripe::Stripe;
use crate::keyspace::{locks, stripe_of};
use crate::sync::{AtomicBool, AtomicUsize, Ordering, StripeGuard, StripeMutex};
use smallvec::SmallVec;
use std::time::Duration;

pub(super) type Guard<'e> = StripeGuard<'e, Stripe>;

/// The right to wait for a stripe with others in hand, which one view has at a time.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(super) lock: StripeMutex<()>,
    /// So many views with stripes in hand wait for it.
    pub(super) wanted: AtomicUsize,
    /// Who has it waits for a stripe: whoever waits for one with others in hand lets go of these.
    holder_waits: AtomicBool,
    /// Who has it cannot begin again: whoever waits for the turn with stripes in hand gives up.
    pub(super) holder_insists: AtomicBool,
}

/// What a view has locked.
pub(in crate::keyspace) enum Locked<'e> {
    None,
    One(usize, Guard<'e>),
    /// Behind a pointer, so that a view of one stripe, which nearly all are, ends in a few instructions.
    Several(Box<Several<'e>>),
}

/// Stripes that a view has locked together.
pub(in crate::keyspace) enum Several<'e> {
    /// Sorted by stripe.
    Many(Vec<(usize, Guard<'e>)>),
    /// Those that were needed so far, sorted by stripe. More may follow, since only one view at a time may do that.
    Roaming(Vec<(usize, Guard<'e>)>, #[expect(dead_code, reason = "it is only held")] StripeGuard<'e, ()>),
    /// Every stripe, in order.
    All(Vec<(usize, Guard<'e>)>),
}

impl<'e> Locked<'e> {
    pub(super) fn many(guards: Vec<(usize, Guard<'e>)>) -> Locked<'e> {
        Locked::Several(Box::new(Several::Many(guards)))
    }

    pub(super) fn all(guards: Vec<(usize, Guard<'e>)>) -> Locked<'e> {
        Locked::Several(Box::new(Several::All(guards)))
    }

    pub(super) fn roaming(guards: Vec<(usize, Guard<'e>)>, turn: StripeGuard<'e, ()>) -> Locked<'e> {
        Locked::Several(Box::new(Several::Roaming(guards, turn)))
    }

    #[inline]
    pub(in crate::keyspace) fn stripe(&mut self, index: usize) -> Result<&mut Stripe> {
        match self {
            Locked::One(at, guard) if *at == index => Ok(guard),
            Locked::Several(several) => {
                let at = several.find(index)?;
                Ok(&mut several.guards_mut()[at].1)
            }
            _ => Err(Error::OutsideView),
        }
    }

    pub(super) fn stripe_ref(&self, index: usize) -> Result<&Stripe> {
        match self {
            Locked::One(at, guard) if *at == index => Ok(guard),
            Locked::Several(several) => Ok(&several.guards()[several.find(index)?].1),
            _ => Err(Error::OutsideView),
        }
    }

    pub(super) fn is_all(&self) -> bool {
        matches!(self, Locked::Several(several) if matches!(**several, Several::All(_)))
    }
}

impl<'e> Several<'e> {
    pub(super) fn guards(&self) -> &[(usize, Guard<'e>)] {
        match self {
            Several::Many(guards) | Several::Roaming(guards, _) | Several::All(guards) => guards,
        }
    }

    pub(super) fn guards_mut(&mut self) -> &mut [(usize, Guard<'e>)] {
        match self {
            Several::Many(guards) | Several::Roaming(guards, _) | Several::All(guards) => guards,
        }
    }

    /// The place of a stripe among those that are locked.
    fn find(&self, index: usize) -> Result<usize> {
        match self {
            Several::Many(guards) | Several::Roaming(guards, _) => {
                guards.binary_search_by_key(&index, |(at, _)| *at).map_err(|_| Error::OutsideView)
            }
            Several::All(_) => Ok(index),
        }
    }
}

/// What a view had locked and has let go.
pub(in crate::keyspace) enum Released {
    /// It holds what it cannot let go.
    Nothing,
    One(usize),
    /// In order.
    Many(SmallVec<[usize; 16]>),
}

/// Says whether a wait for a lock takes too long; asked every now and then while it lasts.
pub type GiveUp<'a> = &'a dyn Fn() -> bool;

/// Between two looks at why a wait for a lock might be in vain.
pub(super) const LOOK_UP: Duration = Duration::from_micros(200);

/// Why a wait for a lock ended without it.
pub(super) enum Vain {
    /// It took too long.
    GaveUp,
    /// Somebody who cannot let go wants a stripe that this one holds.
    LetGo,
}

/// Locks a stripe with nothing else in hand.
#[inline]
pub(super) fn lock(shared: &Shared, stripe: usize) -> Guard<'_> {
    let cell = &shared.keyspace.cell(stripe).stripe;
    let mut guard = match cell.try_lock() {
        Some(guard) => guard,
        None => shared.locks.wait(&*shared.clock, stripe, || cell.lock()),
    };
    locks::taken(&*shared.clock, &mut guard);
    guard
}

/// Waits for a stripe, with others in hand or without.
#[cold]
pub(super) fn wait_for<'e>(
    shared: &'e Shared,
    stripe: usize,
    holding: bool,
    give_up: GiveUp<'_>,
) -> std::result::Result<Guard<'e>, Vain> {
    shared.locks.wait(&*shared.clock, stripe, || {
        loop {
            if let Some(guard) = shared.keyspace.cell(stripe).stripe.try_lock_for(LOOK_UP) {
                return Ok(guard);
            }
            if give_up() {
                return Err(Vain::GaveUp);
            }
            if holding && shared.turn.holder_waits.load(Ordering::SeqCst) {
                return Err(Vain::LetGo);
            }
        }
    })
}

/// Locks a stripe for the view whose turn it is to wait for a stripe with others in hand. Whoever else does so
/// meanwhile lets go of these and begins again, so that nobody waits in a circle; but who waits for the turn itself
/// cannot. Then this gives up, or, if it insists, the other one does.
pub(super) fn lock_while_holding(shared: &Shared, stripe: usize, insists: bool) -> Option<Guard<'_>> {
    let mut guard = match shared.keyspace.cell(stripe).stripe.try_lock() {
        Some(guard) => guard,
        None => shared.locks.wait(&*shared.clock, stripe, || wait_while_holding(shared, stripe, insists))?,
    };
    locks::taken(&*shared.clock, &mut guard);
    Some(guard)
}

fn wait_while_holding(shared: &Shared, stripe: usize, insists: bool) -> Option<Guard<'_>> {
    let cell = &shared.keyspace.cell(stripe).stripe;
    let Turn { wanted, holder_waits, holder_insists, .. } = &shared.turn;
    holder_waits.store(true, Ordering::SeqCst);
    let guard = loop {
        if let Some(guard) = cell.try_lock_for(LOOK_UP) {
            break Some(guard);
        }
        if wanted.load(Ordering::SeqCst) > 0 {
            if !insists {
                break None;
            }
            holder_insists.store(true, Ordering::SeqCst);
        }
    };
    holder_waits.store(false, Ordering::SeqCst);
    holder_insists.store(false, Ordering::SeqCst);
    guard
}

/// Locks stripes, which come in order; `None` if it took too long.
pub(super) fn lock_in_order<'e>(
    shared: &'e Shared,
    stripes: impl ExactSizeIterator<Item = usize> + Clone,
    give_up: GiveUp<'_>,
) -> Option<Vec<(usize, Guard<'e>)>> {
    let mut guards = Vec::with_capacity(stripes.len());
    'again: loop {
        for stripe in stripes.clone() {
            let guard = match shared.keyspace.cell(stripe).stripe.try_lock() {
                Some(guard) => guard,
                None => match wait_for(shared, stripe, !guards.is_empty(), give_up) {
                    Ok(guard) => guard,
                    Err(Vain::GaveUp) => return None,
                    Err(Vain::LetGo) => {
                        guards.clear();
                        // With nothing in hand, this waits for as long as the other one works.
                        drop(wait_for(shared, stripe, false, give_up).ok()?);
                        continue 'again;
                    }
                },
            };
            guards.push((stripe, guard));
        }
        guards.iter_mut().for_each(|(_, guard)| locks::taken(&*shared.clock, guard));
        return Some(guards);
    }
}

/// The stripes of these hashes, each once, in order.
pub(super) fn stripes_of(hashes: impl Iterator<Item = u64>) -> SmallVec<[usize; 16]> {
    let mut stripes: SmallVec<[usize; 16]> = hashes.map(stripe_of).collect();
    stripes.sort_unstable();
    stripes.dedup();
    stripes
}
