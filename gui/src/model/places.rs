//! Many short lists in one long one.

/// Places in one list for several lists, one behind the other, whose lengths were counted before: a million things are
/// sorted into lists without one of their own for each.
pub struct Places(Vec<usize>);

impl Places {
    /// Of so many lists, with one entry in the list of each number.
    pub fn count(lists: usize, numbers: impl Iterator<Item = usize>) -> Places {
        let mut counts = vec![0; lists];
        for number in numbers {
            counts[number] += 1;
        }
        let mut begin = 0;
        for count in &mut counts {
            begin += std::mem::replace(count, begin);
        }
        counts.push(begin);
        Places(counts)
    }

    /// Entries of all lists.
    pub fn total(&self) -> usize {
        self.0[self.0.len() - 1]
    }

    /// The place of a list's next entry.
    pub fn next(&mut self, list: usize) -> usize {
        let place = self.0[list];
        self.0[list] += 1;
        place
    }

    /// Where a list ends so far.
    pub fn end(&self, list: usize) -> usize {
        self.0[list]
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn entries_stand_list_by_list_in_the_order_in_which_they_came() {
        let entries = [(2, 'a'), (0, 'b'), (2, 'c'), (3, 'd'), (0, 'e')];
        let mut places = Places::count(5, entries.iter().map(|(list, _)| *list));
        let mut all = vec![' '; places.total()];
        for (list, entry) in entries {
            all[places.next(list)] = entry;
        }
        assert_eq!(all.iter().collect::<String>(), "beacd");
        assert_eq!([0, 1, 2, 3, 4].map(|list| places.end(list)), [2, 2, 4, 5, 5]);
        assert_eq!(Places::count(0, [].into_iter()).total(), 0);
    }
}
