//! Rows and foreign keys by their places in a list. The place of a row is no place of a foreign key.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// The place of one thing in a [`List`].
pub(super) trait Place: Copy {
    fn new(at: usize) -> Self;
    fn at(self) -> usize;
}

/// The place of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowId(usize);

/// The place of a foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId(usize);

impl Place for RowId {
    fn new(at: usize) -> RowId {
        RowId(at)
    }

    fn at(self) -> usize {
        self.0
    }
}

impl Place for LinkId {
    fn new(at: usize) -> LinkId {
        LinkId(at)
    }

    fn at(self) -> usize {
        self.0
    }
}

/// Things by their places.
pub(super) struct List<P, T> {
    all: Vec<T>,
    place: PhantomData<P>,
}

impl<P: Place, T> List<P, T> {
    pub(super) fn new() -> List<P, T> {
        Vec::new().into()
    }

    /// Appends one; its place.
    pub(super) fn push(&mut self, one: T) -> P {
        self.all.push(one);
        P::new(self.all.len() - 1)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.all.iter()
    }

    pub(super) fn all(&self) -> &[T] {
        &self.all
    }

    /// The places, in order.
    pub(super) fn places(&self) -> impl Iterator<Item = P> + use<P, T> {
        (0..self.all.len()).map(P::new)
    }

    /// Each with its place.
    pub(super) fn placed(&self) -> impl Iterator<Item = (P, &T)> {
        self.places().zip(&self.all)
    }
}

impl<P, T> From<Vec<T>> for List<P, T> {
    fn from(all: Vec<T>) -> List<P, T> {
        List {
            all,
            place: PhantomData,
        }
    }
}

impl<P, T> FromIterator<T> for List<P, T> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> List<P, T> {
        all.into_iter().collect::<Vec<_>>().into()
    }
}

impl<P, T> IntoIterator for List<P, T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

impl<P: Place, T> Index<P> for List<P, T> {
    type Output = T;

    fn index(&self, place: P) -> &T {
        &self.all[place.at()]
    }
}

impl<P: Place, T> IndexMut<P> for List<P, T> {
    fn index_mut(&mut self, place: P) -> &mut T {
        &mut self.all[place.at()]
    }
}
