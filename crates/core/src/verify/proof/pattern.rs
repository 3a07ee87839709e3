//! Texts of a given shape, as many different ones as the shape has: from a length, an example, or a
//! regular expression.

/// A shape of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Vec<char>>);

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

impl Pattern {
    /// What every text has at a place, spelled by an example: `a` stands for any small letter, `A` for
    /// any capital, `0` for any digit; the rest for itself.
    pub(super) fn like(example: &str) -> Pattern {
        let place = |c: char| match c {
            'a' => LOWER.chars().collect(),
            'A' => UPPER.chars().collect(),
            '0' => DIGITS.chars().collect(),
            other => vec![other],
        };
        Pattern(example.chars().map(place).collect())
    }

    /// Texts that match a POSIX regular expression (PostgreSQL manual, 9.7.3), of the simple kind: no
    /// look-around, no back references. `None` for others.
    pub(super) fn matching(expression: &str) -> Option<Pattern> {
        let mut reader = Reader {
            rest: expression.chars().peekable(),
            places: Vec::new(),
        };
        reader.alternatives()?;
        reader
            .rest
            .peek()
            .is_none()
            .then_some(Pattern(reader.places))
    }

    /// The `n`th text. Two numbers give two texts, as far as the shape has that many.
    pub(super) fn text(&self, n: u64) -> String {
        let mut rest = n;
        let mut text: Vec<char> = Vec::with_capacity(self.0.len());
        for place in self.0.iter().rev() {
            let choices = place.len().max(1) as u64;
            text.push(place.get((rest % choices) as usize).copied().unwrap_or('x'));
            rest /= choices;
        }
        text.iter().rev().collect()
    }

    /// How many texts there are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().fold(1, |count: u64, place| {
            count.saturating_mul(place.len().max(1) as u64)
        })
    }

    /// How long every text is, in characters.
    pub(super) fn length(&self) -> usize {
        self.0.len()
    }
}

struct Reader<'r> {
    rest: std::iter::Peekable<std::str::Chars<'r>>,
    places: Vec<Vec<char>>,
}

impl Reader<'_> {
    /// Of several alternatives the first, the others read over.
    fn alternatives(&mut self) -> Option<()> {
        self.sequence()?;
        let first = self.places.len();
        while self.rest.next_if_eq(&'|').is_some() {
            self.sequence()?;
            self.places.truncate(first);
        }
        Some(())
    }

    fn sequence(&mut self) -> Option<()> {
        while let Some(next) = self.rest.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let from = self.places.len();
            self.atom()?;
            self.repeat(from)?;
        }
        Some(())
    }

    fn atom(&mut self) -> Option<()> {
        let place = match self.rest.next()? {
            '^' | '$' => return Some(()),
            '.' => LOWER.chars().collect(),
            '[' => self.class()?,
            '\\' => escape(self.rest.next()?)?,
            '(' => {
                if self.rest.next_if_eq(&'?').is_some() {
                    self.rest.next_if_eq(&':')?;
                }
                self.alternatives()?;
                return (self.rest.next()? == ')').then_some(());
            }
            '*' | '+' | '?' | '{' => return None,
            literal => vec![literal],
        };
        self.places.push(place);
        Some(())
    }

    fn class(&mut self) -> Option<Vec<char>> {
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut members = Vec::new();
        loop {
            match self.rest.next()? {
                ']' if !members.is_empty() => break,
                '[' if self.rest.next_if_eq(&':').is_some() => {
                    let name: String =
                        std::iter::from_fn(|| self.rest.next_if(|c| *c != ':')).collect();
                    self.rest.next_if_eq(&':')?;
                    self.rest.next_if_eq(&']')?;
                    members.extend(match name.as_str() {
                        "alpha" | "lower" => LOWER.chars().collect::<Vec<_>>(),
                        "upper" => UPPER.chars().collect(),
                        "digit" => DIGITS.chars().collect(),
                        "alnum" => LOWER.chars().chain(DIGITS.chars()).collect(),
                        "space" => vec![' '],
                        _ => return None,
                    });
                }
                '\\' => members.extend(escape(self.rest.next()?)?),
                first => {
                    let is_range = self.rest.clone().next() == Some('-')
                        && self.rest.clone().nth(1) != Some(']');
                    if is_range {
                        self.rest.next();
                        let last = self.rest.next()?;
                        members.extend(first..=last);
                    } else {
                        members.push(first);
                    }
                }
            }
        }
        if negated {
            let all = LOWER.chars().chain(DIGITS.chars()).chain(UPPER.chars());
            return Some(all.filter(|c| !members.contains(c)).collect());
        }
        Some(members)
    }

    fn repeat(&mut self, from: usize) -> Option<()> {
        let times = match self.rest.peek() {
            Some('*' | '+') => 8,
            Some('?') => 1,
            Some('{') => {
                self.rest.next();
                let bounds: String =
                    std::iter::from_fn(|| self.rest.next_if(|c| *c != '}')).collect();
                let (least, most) = bounds.split_once(',').unwrap_or((&bounds, &bounds));
                let least: usize = least.parse().ok()?;
                let most: usize = if most.is_empty() {
                    least.max(8)
                } else {
                    most.parse().ok()?
                };
                most.min(least.max(8))
            }
            _ => return Some(()),
        };
        self.rest.next();
        self.rest.next_if_eq(&'?'); // as few as can be: which texts match is the same
        let atom: Vec<_> = self.places.drain(from..).collect();
        for _ in 0..times.min(200) {
            self.places.extend(atom.iter().cloned());
        }
        Some(())
    }
}

fn escape(c: char) -> Option<Vec<char>> {
    Some(match c {
        'd' => DIGITS.chars().collect(),
        'w' => LOWER.chars().chain(DIGITS.chars()).collect(),
        's' => vec![' '],
        c if c.is_ascii_alphanumeric() => return None,
        literal => vec![literal],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_the_expression_they_are_made_from() {
        for (expression, first) in [
            ("^[A-Z]{3}$", "AAA"),
            (r"^\d{5}(-\d{4})?$", "00000-0000"),
            ("^(draft|sent)$", "draft"),
            (
                "^[a-z0-9]+(?:-[a-z0-9]+)*$",
                "aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa",
            ),
            (r"^\+[1-9]\d{1,14}$", "+100000000"),
            ("^[^@]+@[^@]+\\.[a-z]{2,}$", "aaaaaaaa@aaaaaaaa.aaaaaaaa"),
            ("^#[0-9a-fA-F]{6}$", "#000000"),
            ("^[[:upper:]][[:lower:]]*$", "Aaaaaaaaa"),
            ("^[[:digit:]][[:alnum:]][[:space:]]$", "0a "),
            ("^[]a]$", "]"),
            ("^[[a]$", "["),
            ("^[a-]$", "a"),
        ] {
            assert_eq!(
                Pattern::matching(expression).map(|p| p.text(0)).as_deref(),
                Some(first),
                "{expression}"
            );
        }
        for expression in [r"^(?!x)a", r"(a)\1", "a{", "*", "(a", "[a"] {
            assert_eq!(Pattern::matching(expression), None, "{expression}");
        }
    }

    #[test]
    fn numbers_give_different_texts() {
        let pattern = Pattern::like("Aa-00");
        assert_eq!((pattern.count(), pattern.length()), (26 * 26 * 100, 5));
        assert_eq!(
            [0, 1, 10, 100, 2600].map(|n| pattern.text(n)),
            ["Aa-00", "Aa-01", "Aa-10", "Ab-00", "Ba-00"]
        );
    }
}
