//! Where the values are: places in four bytes, which go through the page's code in one register.
//!
//! leptos' own places take eight, and each of the thousands of times that one is captured, handed on or read costs the
//! page's code twice as much.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::{iter, mem};

use leptos::prelude::{ArcMemo, ArcTrigger};
use leptos::reactive::owner::ArenaItem;

/// A value of any type that tells of changes. Boxed once more, so that it is one word wide wherever it is read.
pub(super) type Value = Arc<Box<dyn Any + Send + Sync>>;

/// What is in a place.
#[derive(Clone)]
pub(super) enum Node {
    /// A value that is set.
    Held { value: Value, changed: ArcTrigger },
    /// A value that follows others.
    Computed(ArcMemo<Value>),
    /// A value that tells nobody.
    Kept(Rc<Box<dyn Any>>),
}

/// Where a node is, by a number that no other node of this thread ever has.
#[derive(Clone, Copy)]
pub(super) struct Place(u32);

impl Place {
    /// A place of a node, until the current owner is gone.
    #[inline(never)]
    pub(super) fn new(node: Node) -> Self {
        let place = NODES.with_borrow_mut(|nodes| nodes.add(node));
        // The owner drops it last, when all that it has to clean up has been.
        ArenaItem::<Tenancy>::new(Tenancy(place));
        place
    }

    /// What is there; `None` once the owner is gone.
    #[inline(never)]
    pub(super) fn node(self) -> Option<Node> {
        NODES.with_borrow_mut(|nodes| Some(nodes.slot(self)?.as_ref()?.1.clone()))
    }

    /// Puts a value into the place of one that is set, and gives that and what tells of it.
    #[inline(never)]
    pub(super) fn exchange(self, new: Value) -> Option<(Value, ArcTrigger)> {
        NODES.with_borrow_mut(|nodes| match nodes.slot(self)? {
            Some((_, Node::Held { value, changed })) => Some((mem::replace(value, new), changed.clone())),
            _ => None,
        })
    }
}

/// What an owner has of a place.
struct Tenancy(Place);

impl Drop for Tenancy {
    fn drop(&mut self) {
        // Dropped after the borrow: the end of a value may be the end of others. At the end of a thread there is no more
        // to be done.
        let _node = NODES.try_with(|nodes| nodes.borrow_mut().take(self.0));
    }
}

thread_local! {
    static NODES: RefCell<Nodes> = const { RefCell::new(Nodes::new()) };
}

/// All nodes. Each lies where the remainder of its number by their length is, and numbers with whose remainder one lies
/// there already are skipped.
struct Nodes {
    /// Of a length that is a power of two, or empty.
    slots: Vec<Option<(u32, Node)>>,
    n_taken: usize,
    last: u32,
}

impl Nodes {
    const fn new() -> Self {
        Self {
            slots: Vec::new(),
            n_taken: 0,
            last: 0,
        }
    }

    fn slot_of(&mut self, number: u32) -> Option<&mut Option<(u32, Node)>> {
        let mask = self.slots.len().wrapping_sub(1);
        self.slots.get_mut(number as usize & mask)
    }

    /// The slot where a place's node is.
    fn slot(&mut self, place: Place) -> Option<&mut Option<(u32, Node)>> {
        self.slot_of(place.0)
            .filter(|slot| slot.as_ref().is_some_and(|(number, _)| *number == place.0))
    }

    fn add(&mut self, node: Node) -> Place {
        // Half of them are free, so that the next free one is near.
        if self.n_taken * 2 >= self.slots.len() {
            self.grow();
        }
        self.n_taken += 1;
        loop {
            self.last = self.last.wrapping_add(1);
            let number = self.last;
            if let Some(slot @ None) = self.slot_of(number) {
                *slot = Some((number, node));
                return Place(number);
            }
        }
    }

    fn grow(&mut self) {
        let n_slots = (self.slots.len() * 2).max(1024);
        let before = mem::take(&mut self.slots);
        self.slots.extend(iter::repeat_with(|| None).take(n_slots));
        for (number, node) in before.into_iter().flatten() {
            // Numbers that were apart by a shorter length are by a longer one.
            if let Some(slot) = self.slot_of(number) {
                *slot = Some((number, node));
            }
        }
    }

    fn take(&mut self, place: Place) -> Option<(u32, Node)> {
        let taken = self.slot(place)?.take();
        self.n_taken -= 1;
        taken
    }
}

#[cfg(test)]
mod tests {
    use leptos::prelude::Owner;

    use super::*;

    fn kept(number: u32) -> Node {
        Node::Kept(Rc::new(Box::new(number)))
    }

    fn number_at(place: Place) -> Option<u32> {
        match place.node()? {
            Node::Kept(value) => value.downcast_ref().copied(),
            _ => None,
        }
    }

    #[test]
    fn every_place_keeps_its_own_however_many_come_and_go() {
        let lasting = Owner::new();
        let mut places = Vec::new();
        for round in 0..20 {
            let passing = Owner::new();
            let gone: Vec<Place> = passing.with(|| (0..700).map(|number| Place::new(kept(number))).collect());
            lasting.with(|| {
                places.extend((0..300).map(|number| (round * 300 + number, Place::new(kept(round * 300 + number)))));
            });
            passing.cleanup();
            assert!(gone.into_iter().all(|place| place.node().is_none()));
        }
        assert!(places.iter().all(|(number, place)| number_at(*place) == Some(*number)));
        let n_slots = NODES.with_borrow(|nodes| nodes.slots.len());
        assert!(n_slots <= 16_384, "{n_slots} slots for 6,700 nodes at most");
    }

    #[test]
    fn the_end_of_a_value_may_be_the_end_of_others() {
        let (outer, inner) = (Owner::new(), Owner::new());
        let within = inner.with(|| Place::new(kept(1)));
        outer.with(|| Place::new(Node::Kept(Rc::new(Box::new(inner)))));
        assert_eq!(number_at(within), Some(1));
        outer.cleanup();
        assert!(within.node().is_none());
    }
}
