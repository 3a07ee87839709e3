//! The statements that give names, one after the other.

use std::collections::BTreeSet;

use crate::model::Identifier;

use super::Names;

/// Orders renames such that each name is free when it is given. A circle begins with a name of its own.
pub(super) fn ordered(
    names: &Names,
    taken: &BTreeSet<Identifier>,
) -> Vec<(Identifier, Identifier)> {
    let open = names.iter();
    let mut open: Vec<_> = open.map(|(from, to)| (from.clone(), to.clone())).collect();
    let mut taken = taken.clone();
    let mut renames = Vec::new();
    while let Some(last) = open.len().checked_sub(1) {
        let free = open.iter().position(|(_, to)| !taken.contains(to));
        let (from, to) = match free {
            Some(at) => open.remove(at),
            None => {
                let from = &mut open[last].0;
                let aside = free_name(from, "swapped", &taken);
                (std::mem::replace(from, aside.clone()), aside)
            }
        };
        taken.remove(&from);
        taken.insert(to.clone());
        renames.push((from, to));
    }
    renames
}

/// A name that nothing has, made of `name` and `what` as far as they fit into one.
pub(super) fn free_name(name: &Identifier, what: &str, taken: &BTreeSet<Identifier>) -> Identifier {
    let first = format!("{}_{what}", name.as_str());
    let others = (1u32..).map(|n| match n {
        1 => what.to_owned(),
        n => format!("{what}_{n}"),
    });
    let mut names = std::iter::once(first).chain(others);
    let free = |name: String| {
        let name = Identifier::new(name).ok()?;
        (!taken.contains(&name)).then_some(name)
    };
    names.find_map(free).unwrap_or_else(|| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::checklist::tests::name;

    fn said(names: &[(&str, &str)], taken: &[&str]) -> String {
        let names = names.iter().map(|(from, to)| (name(from), name(to)));
        let taken = taken.iter().map(|one| name(one)).collect();
        let renames = ordered(&names.collect(), &taken).into_iter();
        let renames = renames.map(|(from, to)| format!("{from}>{to}"));
        renames.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_name_is_free_when_it_is_given() {
        let long = "x".repeat(60);
        for (names, taken, expected) in [
            (&[][..], &["a"][..], ""),
            (&[("x", "a")], &["x", "b"], "x>a"),
            (
                &[("a", "b"), ("b", "a")],
                &["a", "b"],
                "b>b_swapped a>b b_swapped>a",
            ),
            (
                &[("a", "b"), ("b", "c"), ("c", "a")],
                &["a", "b", "c"],
                "c>c_swapped b>c a>b c_swapped>a",
            ),
            (&[("b", "a"), ("x", "b")], &["b", "x"], "b>a x>b"),
            (
                &[("a", "a_other"), ("x", "a")],
                &["a", "x"],
                "a>a_other x>a",
            ),
            (
                &[("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")],
                &["a", "b", "c", "d"],
                "d>d_swapped c>d d_swapped>c b>b_swapped a>b b_swapped>a",
            ),
            (
                &[("a", "b"), ("b", "a")],
                &["a", "b", "b_swapped", "swapped"],
                "b>swapped_2 a>b swapped_2>a",
            ),
            (
                &[("a", &long), (&long, "a")],
                &["a", &long],
                &format!("{long}>swapped a>{long} swapped>a"),
            ),
        ] {
            assert_eq!(said(names, taken), expected);
        }
    }
}
