//! How views begin: what they lock, how they lock more, let go of it and take it again.

use super::View;
use super::after::After;
use super::locking::{
    GiveUp, Guard, LOOK_UP, Locked, Released, Several, Turn, lock, lock_in_order, lock_while_holding,
    stripes_of, wait_for,
};
use crate::engine::Shared;
use crate::keyspace::{Key, locks};
use crate::limits::{LONG_HOLD_US, STRIPES};
use crate::sync::{Ordering, StripeGuard};

impl<'e> View<'e> {
    pub(crate) fn none(shared: &'e Shared, now_ms: Option<u64>) -> View<'e> {
        View { shared, locked: Locked::None, now_ms, after: After::default(), uses: true }
    }

    #[inline]
    pub(crate) fn one(shared: &'e Shared, stripe: usize, now_ms: Option<u64>) -> View<'e> {
        let guard = lock(shared, stripe);
        View { shared, locked: Locked::One(stripe, guard), now_ms, after: After::default(), uses: true }
    }

    /// Locks one stripe, unless it is locked by others and what is asked meanwhile says that it takes too long.
    #[expect(clippy::inline_always, reason = "a view is made where it stays")]
    #[inline(always)]
    pub(crate) fn one_unless(shared: &'e Shared, stripe: usize, give_up: GiveUp<'_>) -> Option<View<'e>> {
        let cell = &shared.keyspace.cell(stripe).stripe;
        let mut guard = match cell.try_lock() {
            Some(guard) => guard,
            None => wait_for(shared, stripe, false, give_up).ok()?,
        };
        locks::taken(&*shared.clock, &mut guard);
        Some(View {
            shared,
            locked: Locked::One(stripe, guard),
            now_ms: None,
            after: After::default(),
            uses: true,
        })
    }

    /// Locks the stripes of these hashes, each once, in order.
    pub(crate) fn many(
        shared: &'e Shared,
        hashes: impl Iterator<Item = u64>,
        now_ms: Option<u64>,
    ) -> View<'e> {
        let stripes = stripes_of(hashes);
        let locked = match stripes[..] {
            [] => Locked::None,
            [one] => return View::one(shared, one, now_ms),
            _ => loop {
                if let Some(guards) = lock_in_order(shared, stripes.iter().copied(), &|| false) {
                    break Locked::many(guards);
                }
            },
        };
        View { shared, locked, now_ms, after: After::default(), uses: true }
    }

    /// Locks the stripes of these hashes, as [`View::one_unless`] does one.
    pub(crate) fn many_unless(
        shared: &'e Shared,
        hashes: impl Iterator<Item = u64>,
        give_up: GiveUp<'_>,
    ) -> Option<View<'e>> {
        let stripes = stripes_of(hashes);
        let locked = match stripes[..] {
            [] => Locked::None,
            [one] => return View::one_unless(shared, one, give_up),
            _ => Locked::many(lock_in_order(shared, stripes.iter().copied(), give_up)?),
        };
        Some(View { shared, locked, now_ms: None, after: After::default(), uses: true })
    }

    pub(crate) fn all(shared: &'e Shared, now_ms: Option<u64>) -> View<'e> {
        loop {
            if let Some(guards) = lock_in_order(shared, 0..STRIPES, &|| false) {
                return View {
                    shared,
                    locked: Locked::all(guards),
                    now_ms,
                    after: After::default(),
                    uses: true,
                };
            }
        }
    }

    /// Locks every stripe, as [`View::one_unless`] does one.
    pub(crate) fn all_unless(shared: &'e Shared, give_up: GiveUp<'_>) -> Option<View<'e>> {
        let guards = lock_in_order(shared, 0..STRIPES, give_up)?;
        Some(View { shared, locked: Locked::all(guards), now_ms: None, after: After::default(), uses: true })
    }

    /// Whether the stripe of a key is locked.
    pub fn holds(&self, key: &Key<'_>) -> bool {
        self.locked.stripe_ref(key.stripe()).is_ok()
    }

    /// Whether every stripe is locked.
    pub fn holds_all(&self) -> bool {
        self.locked.is_all()
    }

    /// A view that locks what it needs when it needs it: for scripts, which say too late what that is. One view at a
    /// time may do that. What it has locked stays locked until it ends, as with any other view.
    pub(crate) fn roaming_unless(shared: &'e Shared, give_up: GiveUp<'_>) -> Option<View<'e>> {
        let turn = loop {
            match shared.turn.lock.try_lock_for(LOOK_UP) {
                Some(turn) => break turn,
                None if give_up() => return None,
                None => {}
            }
        };
        let locked = Locked::roaming(Vec::new(), turn);
        Some(View { shared, locked, now_ms: None, after: After::default(), uses: true })
    }

    /// Has this view lock what it needs from now on when it needs it, without letting go of what it holds. `false`,
    /// with nothing changed, if another view does so already, and, where this one `waits` for it, if that wants what
    /// this one holds and insists.
    #[must_use]
    pub fn roam(&mut self, waits: bool) -> bool {
        if let Locked::Several(several) = &self.locked
            && !matches!(**several, Several::Many(_))
        {
            return true;
        }
        let Turn { lock, wanted, holder_insists, .. } = &self.shared.turn;
        let mut turn = lock.try_lock();
        if turn.is_none() && waits {
            wanted.fetch_add(1, Ordering::SeqCst);
            while turn.is_none() && !holder_insists.load(Ordering::SeqCst) {
                turn = lock.try_lock_for(LOOK_UP);
            }
            wanted.fetch_sub(1, Ordering::SeqCst);
        }
        let Some(turn) = turn else { return false };
        let held = match std::mem::replace(&mut self.locked, Locked::None) {
            Locked::None => Vec::new(),
            Locked::One(at, guard) => vec![(at, guard)],
            Locked::Several(several) => match *several {
                Several::Many(guards) | Several::Roaming(guards, _) | Several::All(guards) => guards,
            },
        };
        self.locked = Locked::roaming(held, turn);
        true
    }

    /// Locks the stripe of a key, where this view may do so. Says whether it is locked: a roaming view that does not
    /// `insist` gives up where somebody who waits for its end may hold the stripe.
    pub fn reach(&mut self, key: &Key<'_>, insists: bool) -> bool {
        let (stripe, shared) = (key.stripe(), self.shared);
        let Some(guards) = self.roaming() else { return self.holds(key) };
        if let Err(place) = guards.binary_search_by_key(&stripe, |(at, _)| *at) {
            let Some(guard) = lock_while_holding(shared, stripe, insists) else { return false };
            guards.insert(place, (stripe, guard));
        }
        true
    }

    /// Locks every stripe that is not locked yet, as [`View::roam`] and [`View::reach`] do.
    #[must_use]
    pub fn widen(&mut self, insists: bool) -> bool {
        if !self.roam(insists) {
            return false;
        }
        let shared = self.shared;
        let Some(guards) = self.roaming() else { return true };
        for stripe in 0..STRIPES {
            if guards.get(stripe).is_none_or(|(at, _)| *at != stripe) {
                let Some(guard) = lock_while_holding(shared, stripe, insists) else { return false };
                guards.insert(stripe, (stripe, guard));
            }
        }
        // Who holds everything waits for nobody, so that another view may have its turn.
        let guards = std::mem::take(guards);
        self.locked = Locked::all(guards);
        true
    }

    /// What this view has locked so far, if it locks more when it needs it.
    fn roaming(&mut self) -> Option<&mut Vec<(usize, Guard<'e>)>> {
        match &mut self.locked {
            Locked::Several(several) => match &mut **several {
                Several::Roaming(guards, _) => Some(guards),
                Several::Many(_) | Several::All(_) => None,
            },
            _ => None,
        }
    }

    /// Says that what this view has locked was held for so long, where somebody has timed that anyway. What it has let
    /// go and taken again it knows better.
    #[cold]
    pub fn note_hold(&self, us: u64) {
        let since_us = self.after.0.as_ref().and_then(|work| work.held_since_us);
        let us = since_us.map_or(us, |since_us| self.shared.clock.now_us().saturating_sub(since_us));
        if us >= LONG_HOLD_US && !matches!(self.locked, Locked::None) {
            self.shared.locks.long_holds.record(us.saturating_mul(1_000));
        }
    }

    /// Unlocks, with everything else that is to be done then left for later. Whoever waits for a stripe has it before
    /// this view has it again.
    pub(in crate::keyspace) fn let_go(&mut self) -> Released {
        self.note_hold(0);
        self.report_batch();
        match std::mem::replace(&mut self.locked, Locked::None) {
            Locked::One(at, guard) => {
                StripeGuard::unlock_fair(guard);
                Released::One(at)
            }
            Locked::Several(several) => match *several {
                Several::Many(guards) => {
                    let unlock = |(at, guard)| {
                        StripeGuard::unlock_fair(guard);
                        at
                    };
                    Released::Many(guards.into_iter().map(unlock).collect())
                }
                kept => {
                    self.locked = Locked::Several(Box::new(kept));
                    Released::Nothing
                }
            },
            Locked::None => Released::Nothing,
        }
    }

    /// Locks again what was let go.
    pub(in crate::keyspace) fn take_again(&mut self, released: &Released) {
        match released {
            Released::Nothing => return,
            Released::One(at) => self.locked = Locked::One(*at, lock(self.shared, *at)),
            Released::Many(stripes) => {
                let guards = loop {
                    if let Some(guards) = lock_in_order(self.shared, stripes.iter().copied(), &|| false) {
                        break guards;
                    }
                };
                self.locked = Locked::many(guards);
            }
        }
        self.held_from_now();
    }

    /// Times the locks that are held from now on.
    pub(in crate::keyspace) fn held_from_now(&mut self) {
        self.after.work().held_since_us = Some(self.shared.clock.now_us());
    }
}
