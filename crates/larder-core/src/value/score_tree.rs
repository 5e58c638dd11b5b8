//! The order of a large sorted set: a B+tree that counts, over pairs of a score and a handle.
//!
//! Why not a skip list: a skip list spends two or three pointers and an allocation per member, and misses the cache at
//! every step. Here a leaf holds up to [`LEAF`] pairs in two arrays, so a member costs twelve bytes plus free room
//! (eighteen in all for random scores, under thirteen for ascending ones), and a search touches some lines
//! of three or four nodes. Each inner node knows how many pairs are below each child: that gives ranks, counts of
//! ranges and access by rank in O(log n). Leaves have no links to each other; going on to the next leaf is a descent
//! by rank, once per leaf.
//!
//! The tree knows nothing about members. It stores handles, and is searched by a predicate that says whether a pair
//! comes before what is sought; it must be true for all pairs up to some place and false from there on. One search
//! serves pairs, score bounds and bounds by member alike, and members are stored once, elsewhere.

use crate::raw::prefetch_whole;
use smallvec::SmallVec;
use std::ops::Range;

/// Pairs in a leaf: with these a leaf fills a 768-byte block of a size-class allocator almost exactly.
const LEAF: usize = 63;
/// Children of an inner node.
const FAN: usize = 64;

/// A score and the handle of its member.
pub(crate) type Pair = (f64, u32);

#[derive(Clone, Debug)]
struct Leaf {
    scores: [f64; LEAF],
    handles: [u32; LEAF],
    len: u16,
}

#[derive(Clone, Debug)]
struct Inner {
    /// The first pair below each child, kept exact.
    firsts: Vec<Pair>,
    /// How many pairs are below each child.
    counts: Vec<u32>,
    children: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Box<Leaf>),
    Inner(Box<Inner>),
}

/// Where a node stands among its level: at the edges, nodes split so that ascending or descending insertion leaves full
/// nodes behind.
#[derive(Clone, Copy)]
struct Edges {
    first: bool,
    last: bool,
}

/// The number of leading indices below `len` for which `before` holds.
#[inline]
fn partition(len: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = usize::midpoint(low, high);
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

impl Leaf {
    fn new() -> Box<Leaf> {
        Box::new(Leaf { scores: [0.0; LEAF], handles: [0; LEAF], len: 0 })
    }

    #[inline]
    fn len(&self) -> usize {
        usize::from(self.len)
    }

    #[inline]
    fn pair(&self, at: usize) -> Pair {
        (self.scores[at], self.handles[at])
    }

    #[inline]
    fn place(&self, before: &impl Fn(f64, u32) -> bool) -> usize {
        partition(self.len(), |i| before(self.scores[i], self.handles[i]))
    }

    fn put(&mut self, at: usize, (score, handle): Pair) {
        let len = self.len();
        self.scores.copy_within(at..len, at + 1);
        self.handles.copy_within(at..len, at + 1);
        self.scores[at] = score;
        self.handles[at] = handle;
        self.len += 1;
    }

    fn take(&mut self, at: usize) -> Pair {
        let (pair, len) = (self.pair(at), self.len());
        self.scores.copy_within(at + 1..len, at);
        self.handles.copy_within(at + 1..len, at);
        self.len -= 1;
        pair
    }

    fn split_off(&mut self, at: usize) -> Box<Leaf> {
        let mut right = Leaf::new();
        let moved = self.len() - at;
        right.scores[..moved].copy_from_slice(&self.scores[at..at + moved]);
        right.handles[..moved].copy_from_slice(&self.handles[at..at + moved]);
        right.len = moved as u16;
        self.len = at as u16;
        right
    }

    fn append(&mut self, right: &Leaf) {
        let (len, more) = (self.len(), right.len());
        self.scores[len..len + more].copy_from_slice(&right.scores[..more]);
        self.handles[len..len + more].copy_from_slice(&right.handles[..more]);
        self.len += right.len;
    }

    /// Inserts, and gives the new right neighbour if the leaf had to split.
    fn insert(
        &mut self,
        before: &impl Fn(f64, u32) -> bool,
        pair: Pair,
        edges: Edges,
        nodes: &mut Nodes,
    ) -> Option<Node> {
        let at = self.place(before);
        if self.len() < LEAF {
            self.put(at, pair);
            return None;
        }
        let cut = match at {
            LEAF if edges.last => LEAF,
            0 if edges.first => 0,
            _ => LEAF / 2,
        };
        let mut right = self.split_off(cut);
        nodes.leaves += 1;
        let (leaf, at) = if at < cut || cut == 0 { (self, at) } else { (&mut *right, at - cut) };
        leaf.put(at, pair);
        Some(Node::Leaf(right))
    }
}

impl Inner {
    fn new() -> Inner {
        Inner {
            firsts: Vec::with_capacity(FAN + 1),
            counts: Vec::with_capacity(FAN + 1),
            children: Vec::with_capacity(FAN + 1),
        }
    }

    const fn bytes() -> usize {
        size_of::<Inner>() + (FAN + 1) * (size_of::<Pair>() + size_of::<u32>() + size_of::<Node>())
    }

    fn push(&mut self, child: Node) {
        self.put(self.children.len(), child);
    }

    fn put(&mut self, at: usize, child: Node) {
        self.firsts.insert(at, child.first());
        self.counts.insert(at, child.count());
        self.children.insert(at, child);
    }

    /// How many children start before the place that is sought.
    #[inline]
    fn place(&self, before: &impl Fn(f64, u32) -> bool) -> usize {
        partition(self.firsts.len(), |i| before(self.firsts[i].0, self.firsts[i].1))
    }

    /// The child that holds a rank, and the rank within it.
    #[inline]
    fn child_at(&self, mut rank: usize) -> (usize, usize) {
        for (i, count) in self.counts.iter().enumerate() {
            let count = *count as usize;
            if rank < count {
                return (i, rank);
            }
            rank -= count;
        }
        // Past the end: the last child, whose leaf has no such place.
        let last = self.counts.len() - 1;
        (last, rank + self.counts[last] as usize)
    }

    fn insert(
        &mut self,
        before: &impl Fn(f64, u32) -> bool,
        pair: Pair,
        edges: Edges,
        nodes: &mut Nodes,
    ) -> Option<Node> {
        let at = self.place(before).saturating_sub(1);
        let last = self.children.len() - 1;
        let below = Edges { first: edges.first && at == 0, last: edges.last && at == last };
        let new = self.children[at].insert(before, pair, below, nodes);
        self.counts[at] += 1;
        self.firsts[at] = self.children[at].first();
        let new = new?;
        self.counts[at] -= new.count();
        self.put(at + 1, new);
        if self.children.len() <= FAN {
            return None;
        }
        let cut = if edges.last && at == last {
            FAN
        } else if edges.first && at == 0 {
            1
        } else {
            FAN / 2
        };
        let mut right = Inner::new();
        nodes.inners += 1;
        right.firsts.extend(self.firsts.drain(cut..));
        right.counts.extend(self.counts.drain(cut..));
        right.children.extend(self.children.drain(cut..));
        Some(Node::Inner(Box::new(right)))
    }

    /// Removes the pair at a rank. `nodes` learns of the nodes that went away.
    fn remove(&mut self, rank: usize, nodes: &mut Nodes) -> Pair {
        let (at, rank) = self.child_at(rank);
        let pair = self.children[at].remove(rank, nodes);
        self.counts[at] -= 1;
        if self.counts[at] == 0 {
            self.drop_child(at, nodes);
            return pair;
        }
        self.firsts[at] = self.children[at].first();
        if self.children[at].is_sparse() && self.children.len() > 1 {
            let left = if at + 1 < self.children.len() { at } else { at - 1 };
            if self.children[left].fits_with(&self.children[left + 1]) {
                self.counts[left] += self.counts[left + 1];
                let right = self.drop_child(left + 1, nodes);
                self.children[left].append(right);
            }
        }
        pair
    }

    fn drop_child(&mut self, at: usize, nodes: &mut Nodes) -> Node {
        self.firsts.remove(at);
        self.counts.remove(at);
        let child = self.children.remove(at);
        match child {
            Node::Leaf(_) => nodes.leaves -= 1,
            Node::Inner(_) => nodes.inners -= 1,
        }
        child
    }
}

/// How many nodes there are: what the tree weighs.
#[derive(Clone, Copy, Debug)]
struct Nodes {
    leaves: usize,
    inners: usize,
}

impl Node {
    fn first(&self) -> Pair {
        match self {
            Node::Leaf(leaf) => leaf.pair(0),
            Node::Inner(inner) => inner.firsts[0],
        }
    }

    fn count(&self) -> u32 {
        match self {
            Node::Leaf(leaf) => u32::from(leaf.len),
            Node::Inner(inner) => inner.counts.iter().sum(),
        }
    }

    fn insert(
        &mut self,
        before: &impl Fn(f64, u32) -> bool,
        pair: Pair,
        edges: Edges,
        nodes: &mut Nodes,
    ) -> Option<Node> {
        match self {
            Node::Leaf(leaf) => leaf.insert(before, pair, edges, nodes),
            Node::Inner(inner) => inner.insert(before, pair, edges, nodes),
        }
    }

    fn remove(&mut self, rank: usize, nodes: &mut Nodes) -> Pair {
        match self {
            Node::Leaf(leaf) => leaf.take(rank),
            Node::Inner(inner) => inner.remove(rank, nodes),
        }
    }

    fn is_sparse(&self) -> bool {
        match self {
            Node::Leaf(leaf) => leaf.len() < LEAF / 2,
            Node::Inner(inner) => inner.children.len() < FAN / 2,
        }
    }

    /// Whether two neighbours fit into one node with room left, so that the next insertion does not split it again.
    fn fits_with(&self, right: &Node) -> bool {
        match (self, right) {
            (Node::Leaf(left), Node::Leaf(right)) => left.len() + right.len() <= LEAF * 3 / 4,
            (Node::Inner(left), Node::Inner(right)) => {
                left.children.len() + right.children.len() <= FAN * 3 / 4
            }
            _ => false,
        }
    }

    fn append(&mut self, right: Node) {
        match (self, right) {
            (Node::Leaf(left), Node::Leaf(right)) => left.append(&right),
            (Node::Inner(left), Node::Inner(mut right)) => {
                left.firsts.append(&mut right.firsts);
                left.counts.append(&mut right.counts);
                left.children.append(&mut right.children);
            }
            _ => unreachable!("neighbours have the same height"),
        }
    }
}

/// The children that lead from the root to a leaf.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way(SmallVec<[u8; 8]>);

/// Pairs in order, with ranks. See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct ScoreTree {
    root: Node,
    len: usize,
    nodes: Nodes,
}

impl ScoreTree {
    pub(crate) fn new() -> ScoreTree {
        ScoreTree { root: Node::Leaf(Leaf::new()), len: 0, nodes: Nodes { leaves: 1, inners: 0 } }
    }

    /// How many pairs there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of all nodes. O(1).
    pub(crate) fn used_bytes(&self) -> usize {
        self.nodes.leaves * size_of::<Leaf>() + self.nodes.inners * Inner::bytes()
    }

    /// How many pairs come before a place: the rank of the first one that does not. O(log n).
    pub(crate) fn rank_where(&self, before: impl Fn(f64, u32) -> bool) -> usize {
        let (mut node, mut rank) = (&self.root, 0);
        loop {
            match node {
                Node::Leaf(leaf) => return rank + leaf.place(&before),
                Node::Inner(inner) => {
                    // If not even the first pair comes before it, the place is where this node begins.
                    let Some(at) = inner.place(&before).checked_sub(1) else { return rank };
                    rank += inner.counts[..at].iter().map(|count| *count as usize).sum::<usize>();
                    node = &inner.children[at];
                }
            }
        }
    }

    /// The leaf with a rank, and the place in it.
    fn leaf_at(&self, mut rank: usize) -> (&Leaf, usize) {
        let mut node = &self.root;
        loop {
            match node {
                Node::Leaf(leaf) => return (leaf, rank),
                Node::Inner(inner) => {
                    let (at, within) = inner.child_at(rank);
                    (node, rank) = (&inner.children[at], within);
                }
            }
        }
    }

    /// The way to the leaf with a place, which is fetched into the cache without waiting for it. O(log n).
    pub(crate) fn way_to(&self, before: impl Fn(f64, u32) -> bool) -> Way {
        let (mut node, mut way) = (&self.root, Way::default());
        loop {
            match node {
                Node::Leaf(leaf) => {
                    prefetch_whole(&**leaf);
                    return way;
                }
                Node::Inner(inner) => {
                    let at = inner.place(&before).saturating_sub(1);
                    way.0.push(at as u8);
                    node = &inner.children[at];
                }
            }
        }
    }

    /// The pair at a rank below `len`. O(log n).
    pub(crate) fn get(&self, rank: usize) -> Pair {
        let (leaf, at) = self.leaf_at(rank);
        leaf.pair(at)
    }

    /// Inserts a pair where `before` ends. O(log n).
    pub(crate) fn insert(&mut self, before: impl Fn(f64, u32) -> bool, pair: Pair) {
        let split = self.root.insert(&before, pair, Edges { first: true, last: true }, &mut self.nodes);
        if let Some(right) = split {
            let mut root = Inner::new();
            root.push(std::mem::replace(&mut self.root, Node::Leaf(Leaf::new())));
            root.push(right);
            self.root = Node::Inner(Box::new(root));
            self.nodes.inners += 1;
        }
        self.len += 1;
    }

    /// Removes the pair at a rank below `len`. O(log n).
    pub(crate) fn remove(&mut self, rank: usize) -> Pair {
        let pair = self.root.remove(rank, &mut self.nodes);
        self.len -= 1;
        if self.len == 0 {
            *self = ScoreTree::new();
        }
        while let Node::Inner(root) = &mut self.root {
            if root.children.len() > 1 {
                break;
            }
            let Some(only) = root.children.pop() else { break };
            self.root = only;
            self.nodes.inners -= 1;
        }
        pair
    }

    /// Gives the pair where `before` ends another score, if it then still stands between its neighbours. `before_new`
    /// is about the new place. If this says `false`, nothing changed: remove and insert. O(log n).
    pub(crate) fn rescore(
        &mut self,
        before: impl Fn(f64, u32) -> bool,
        before_new: impl Fn(f64, u32) -> bool,
        score: f64,
    ) -> bool {
        let mut node = &mut self.root;
        loop {
            match node {
                Node::Inner(inner) => {
                    // The sought pair may itself be the first one of the child after those that start before it.
                    let next = inner.place(&before);
                    let Some(at) = next.checked_sub(1) else { return false };
                    node = &mut inner.children[at];
                }
                Node::Leaf(leaf) => {
                    let at = leaf.place(&before);
                    // At the edges of a leaf the neighbours are elsewhere: the caller's slow way is as good there.
                    if at == 0 || at + 1 >= leaf.len() {
                        return false;
                    }
                    let (previous, next) = (leaf.pair(at - 1), leaf.pair(at + 1));
                    let fits = before_new(previous.0, previous.1) && !before_new(next.0, next.1);
                    if fits {
                        leaf.scores[at] = score;
                    }
                    return fits;
                }
            }
        }
    }

    /// Gives the pair at a place, whose handle is `old`, another one. O(log n), in one descent.
    pub(crate) fn replace_handle(&mut self, before: impl Fn(f64, u32) -> bool, old: u32, new: u32) {
        let mut node = &mut self.root;
        loop {
            match node {
                Node::Leaf(leaf) => {
                    let at = leaf.place(&before);
                    debug_assert_eq!(leaf.handles[at], old, "the place is that of the pair");
                    leaf.handles[at] = new;
                    return;
                }
                Node::Inner(inner) => {
                    // The last child that begins before the place, or the one that begins with it.
                    let mut at = inner.place(&before);
                    match inner.firsts.get_mut(at) {
                        Some(first) if first.1 == old => first.1 = new,
                        _ => at = at.saturating_sub(1),
                    }
                    node = &mut inner.children[at];
                }
            }
        }
    }

    /// The same for a pair that is expected at the end of a way. If this says `false`, the tree changed too much since
    /// that was taken, or the pair is the first of its leaf, and nothing was done. No search.
    pub(crate) fn replace_handle_on(&mut self, way: &Way, old: u32, new: u32) -> bool {
        let mut node = &mut self.root;
        for at in &way.0 {
            let Node::Inner(inner) = node else { return false };
            let Some(child) = inner.children.get_mut(usize::from(*at)) else { return false };
            node = child;
        }
        let Node::Leaf(leaf) = node else { return false };
        // A handle is there once at most.
        let len = leaf.len();
        let places = leaf.handles[..len].iter().zip(0_u32..);
        let at: u32 = places.map(|(handle, place)| if *handle == old { place } else { 0 }).sum();
        if at > 0 {
            leaf.handles[at as usize] = new;
        }
        at > 0
    }

    /// The pairs of these ranks, from either end. O(log n) to begin, then O(1) each.
    pub(crate) fn range(&self, ranks: Range<usize>) -> Pairs<'_> {
        let end = ranks.end.min(self.len);
        Pairs { tree: self, ranks: ranks.start.min(end)..end, front: None, back: None }
    }
}

/// Pairs of a range of ranks, in order.
#[derive(Clone, Debug)]
pub(crate) struct Pairs<'t> {
    tree: &'t ScoreTree,
    ranks: Range<usize>,
    front: Option<(&'t Leaf, usize)>,
    back: Option<(&'t Leaf, usize)>,
}

/// How far ahead of a walk handles are shown: about as many misses of the cache as a core has under way at once.
const AHEAD: usize = 12;

impl Pairs<'_> {
    /// As `next`, and shows handles that come soon, so that what they lead to can be fetched: each once, some steps
    /// before its turn or when its leaf is entered.
    #[inline]
    pub(crate) fn next_showing(&mut self, mut show: impl FnMut(u32)) -> Option<Pair> {
        let entered = self.front.is_none_or(|(leaf, at)| at == leaf.len());
        let pair = self.next()?;
        let (leaf, at) = self.front?;
        let soon = &leaf.handles[at..leaf.len().min(at + self.ranks.len())];
        if entered {
            soon.iter().take(AHEAD).for_each(|handle| show(*handle));
        } else if let Some(handle) = soon.get(AHEAD - 1) {
            show(*handle);
        }
        Some(pair)
    }

    /// The same from the end.
    #[inline]
    pub(crate) fn next_back_showing(&mut self, mut show: impl FnMut(u32)) -> Option<Pair> {
        let entered = self.back.is_none_or(|(_, at)| at == 0);
        let pair = self.next_back()?;
        let (leaf, at) = self.back?;
        let soon = &leaf.handles[at - at.min(self.ranks.len())..at];
        if entered {
            soon.iter().rev().take(AHEAD).for_each(|handle| show(*handle));
        } else if let Some(place) = soon.len().checked_sub(AHEAD) {
            show(soon[place]);
        }
        Some(pair)
    }
}

impl Iterator for Pairs<'_> {
    type Item = Pair;

    #[inline]
    fn next(&mut self) -> Option<Pair> {
        if self.ranks.is_empty() {
            return None;
        }
        let (leaf, at) = match self.front {
            Some((leaf, at)) if at < leaf.len() => (leaf, at),
            _ => self.tree.leaf_at(self.ranks.start),
        };
        self.ranks.start += 1;
        self.front = Some((leaf, at + 1));
        Some(leaf.pair(at))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.ranks.len(), Some(self.ranks.len()))
    }
}

impl DoubleEndedIterator for Pairs<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Pair> {
        if self.ranks.is_empty() {
            return None;
        }
        self.ranks.end -= 1;
        // What is kept is the place of the pair that was given last.
        let (leaf, at) = match self.back {
            Some((leaf, at)) if at > 0 => (leaf, at - 1),
            _ => self.tree.leaf_at(self.ranks.end),
        };
        self.back = Some((leaf, at));
        Some(leaf.pair(at))
    }
}

impl ExactSizeIterator for Pairs<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn insert(tree: &mut ScoreTree, model: &mut Vec<Pair>, pair: Pair) {
        let at = model.partition_point(|other| *other < pair);
        tree.insert(|score, handle| (score, handle) < pair, pair);
        model.insert(at, pair);
    }

    #[test]
    fn a_walk_shows_each_handle_once_and_before_its_turn() {
        let mut tree = ScoreTree::new();
        for n in 0..1_000_u32 {
            tree.insert(|_, _| true, (f64::from(n), n));
        }
        for ranks in [0..1_000, 0..1, 10..20, 5..5, 50..90, 999..1_000, 100..700] {
            for back in [false, true] {
                let (mut pairs, mut shown, mut told) = (tree.range(ranks.clone()), Vec::new(), 0);
                loop {
                    let before = shown.clone();
                    let pair = if back {
                        pairs.next_back_showing(|handle| shown.push(handle))
                    } else {
                        pairs.next_showing(|handle| shown.push(handle))
                    };
                    let Some((_, handle)) = pair else { break };
                    // The first of a leaf is needed at once, so that nothing is gained by showing it.
                    assert!(before.contains(&handle) || !shown.contains(&handle));
                    told += 1;
                }
                assert_eq!(told, ranks.len());
                let mut distinct = shown.clone();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(distinct.len(), shown.len());
                assert!(shown.iter().all(|handle| ranks.contains(&(*handle as usize))));
                assert!(shown.len() + ranks.len() / (LEAF / 2) + 2 >= ranks.len(), "{ranks:?}");
            }
        }
    }

    /// Everything the nodes claim about themselves. Gives the pairs in order and counts the nodes.
    fn check(node: &Node, pairs: &mut Vec<Pair>, seen: &mut Nodes) {
        match node {
            Node::Leaf(leaf) => {
                seen.leaves += 1;
                pairs.extend((0..leaf.len()).map(|i| leaf.pair(i)));
            }
            Node::Inner(inner) => {
                seen.inners += 1;
                assert!(inner.children.len() <= FAN && inner.firsts.capacity() == FAN + 1);
                for (i, child) in inner.children.iter().enumerate() {
                    let start = pairs.len();
                    check(child, pairs, seen);
                    assert_eq!(inner.counts[i] as usize, pairs.len() - start);
                    assert_eq!(inner.firsts[i], pairs[start]);
                }
            }
        }
    }

    fn agree(tree: &ScoreTree, model: &[Pair]) {
        let (mut pairs, mut seen) = (Vec::new(), Nodes { leaves: 0, inners: 0 });
        check(&tree.root, &mut pairs, &mut seen);
        assert_eq!(pairs, model);
        assert_eq!(tree.len(), model.len());
        assert_eq!((seen.leaves, seen.inners), (tree.nodes.leaves, tree.nodes.inners));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn behaves_as_a_sorted_vector(
            steps in prop::collection::vec((0..10_u8, 0..400_u16, any::<prop::sample::Index>()), 1..6_000),
            shrink in any::<bool>(),
        ) {
            let (mut tree, mut model, mut next) = (ScoreTree::new(), Vec::<Pair>::new(), 0);
            for (step, score, index) in steps {
                let score = f64::from(score);
                let remove_below = if shrink && model.len() > 2_000 { 9 } else { 3 };
                if step < remove_below && !model.is_empty() {
                    let rank = index.index(model.len());
                    prop_assert_eq!(tree.remove(rank), model.remove(rank));
                } else if step == 8 && !model.is_empty() {
                    let rank = index.index(model.len());
                    let old = model.remove(rank);
                    let new = (old.0 + score / 800.0, old.1);
                    let place = model.partition_point(|other| *other < new);
                    if tree.rescore(|s, h| (s, h) < old, |s, h| (s, h) < new, new.0) {
                        prop_assert_eq!(place, rank);
                    } else {
                        prop_assert_eq!(tree.remove(rank), old);
                        tree.insert(|s, h| (s, h) < new, new);
                    }
                    model.insert(place, new);
                } else {
                    insert(&mut tree, &mut model, (score, next));
                    next += 1;
                }
            }
            agree(&tree, &model);
            for bound in 0..401 {
                let bound = f64::from(bound);
                let expected = model.partition_point(|pair| pair.0 < bound);
                prop_assert_eq!(tree.rank_where(|score, _| score < bound), expected);
            }
            for (rank, pair) in model.iter().enumerate() {
                prop_assert_eq!(tree.get(rank), *pair);
            }
        }

        #[test]
        fn ranges_run_from_both_ends(
            len in 0..300_u32, a in 0..320_usize, b in 0..320_usize,
            ends in prop::collection::vec(any::<bool>(), 320),
        ) {
            let (mut tree, mut model) = (ScoreTree::new(), Vec::new());
            for i in 0..len {
                insert(&mut tree, &mut model, (f64::from(i * 7 % 31), i));
            }
            let end = b.min(model.len());
            let mut expected = model[a.min(end)..end].iter().copied();
            let mut range = tree.range(a..b);
            prop_assert_eq!(range.len(), expected.len());
            for back in ends {
                if back {
                    prop_assert_eq!(range.next_back(), expected.next_back());
                } else {
                    prop_assert_eq!(range.next(), expected.next());
                }
            }
        }
    }

    #[test]
    fn emptying_from_any_end_gives_the_nodes_back() {
        for which in 0..3 {
            let (mut tree, mut model) = (ScoreTree::new(), Vec::new());
            for i in 0..20_000 {
                insert(&mut tree, &mut model, (f64::from(i), i));
            }
            while !model.is_empty() {
                let rank = [0, model.len() - 1, model.len() / 2][which];
                assert_eq!(tree.remove(rank), model.remove(rank));
                if model.len() % 1_000 == 0 {
                    agree(&tree, &model);
                }
            }
            assert_eq!(tree.used_bytes(), ScoreTree::new().used_bytes());
        }
    }

    #[test]
    fn a_moved_member_is_known_by_its_new_handle() {
        let (mut tree, mut model) = (ScoreTree::new(), Vec::new());
        for i in 0..10_000 {
            insert(&mut tree, &mut model, (f64::from(i), i));
        }
        for pair in &mut model {
            let old = pair.1;
            pair.1 += 10_000;
            tree.replace_handle(|score, _| score < pair.0, old, pair.1);
        }
        agree(&tree, &model);
    }

    #[test]
    fn a_way_leads_to_a_pair_or_changes_nothing() {
        let (mut tree, mut model) = (ScoreTree::new(), Vec::new());
        for i in 0..10_000 {
            insert(&mut tree, &mut model, (f64::from(i), i));
        }
        let (mut found, mut tried) = (0, 0);
        while model.len() > 5_000 {
            // Taken before the tree changes, and used afterwards.
            let (score, old) = model[model.len() / 2 + model.len() % 1_000];
            let way = tree.way_to(|s, _| s < score);
            assert_eq!(tree.remove(0), model.remove(0));
            let at = model.partition_point(|pair| pair.0 < score);
            tried += 1;
            if tree.replace_handle_on(&way, old, old + 10_000) {
                model[at].1 = old + 10_000;
                found += 1;
            }
            assert!(!tree.replace_handle_on(&way, 5_000_000, 1));
        }
        agree(&tree, &model);
        assert!(found > tried / 2 && found < tried, "{found} of {tried}");
    }

    #[test]
    fn a_pair_costs_less_than_twenty_bytes() {
        let bytes_per_pair = |score: fn(u32) -> u32| {
            let mut tree = ScoreTree::new();
            for i in 0..50_000 {
                let pair = (f64::from(score(i)), i);
                tree.insert(|s, h| (s, h) < pair, pair);
            }
            tree.used_bytes() as f64 / 50_000.0
        };
        let random = bytes_per_pair(|i| i.wrapping_mul(2_654_435_761));
        let ascending = bytes_per_pair(|i| i);
        let descending = bytes_per_pair(|i| 50_000 - i);
        assert!(random < 19.5, "{random}");
        assert!(ascending < 12.9 && descending < 12.9, "{ascending} {descending}");
    }
}
