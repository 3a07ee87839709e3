//! Policies of row-level security.

/// Brings a policy, as PostgreSQL prints its parts, into one spelling of those that say the same.
pub(super) fn normalise(policy: &mut String) {
    while let Some(bare) = without_a_select(policy) {
        *policy = bare;
    }
    if let Some(turned) = turned(policy) {
        *policy = turned;
    }
    drop_needless_check(policy);
}

/// Takes off what a policy need not say: that it checks what is written as it filters what is read. Without WITH CHECK,
/// the expression of USING is used for both (PostgreSQL manual, CREATE POLICY).
fn drop_needless_check(policy: &mut String) {
    const CHECK: &str = " WITH CHECK ";
    let Some((_, clauses)) = policy.split_once(" USING ") else {
        return;
    };
    // Where both are the same, what is between them is in the middle.
    let half = clauses.len().saturating_sub(CHECK.len()) / 2;
    let Some((using, rest)) = clauses.split_at_checked(half) else {
        return;
    };
    if rest.strip_prefix(CHECK) == Some(using) {
        policy.truncate(policy.len() - rest.len());
    }
}

/// Takes the first SELECT around a value off, which only has it computed once: `( SELECT auth.uid() AS uid)`.
fn without_a_select(text: &str) -> Option<String> {
    const SELECT: &str = "( SELECT ";
    // Behind a word as IN, ANY or ARRAY it is a list.
    let is_value = |at: usize| {
        let before = text[..at].trim_end();
        !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
    };
    let selects = text.match_indices(SELECT);
    let selects = selects.filter(|(at, _)| is_bare(text, *at) && is_value(*at));
    let mut values = selects.filter_map(|(at, _)| {
        let value = at + SELECT.len();
        let end = value + closing(&text[value..])?;
        let selected = &text[value..end];
        let words = top(selected);
        let words: Vec<_> = words.split_whitespace().collect();
        let ["AS", _] = words.get(1..)? else {
            return None; // it reads a table
        };
        let names = selected.match_indices(" AS ");
        let (name, _) = names.filter(|(at, _)| is_bare(selected, *at)).last()?;
        Some(format!(
            "{}{}{}",
            &text[..at],
            &selected[..name],
            &text[end + 1..]
        ))
    });
    values.next()
}

/// Puts the sides of an equation that is all of a policy's expression into the order of their spelling.
fn turned(policy: &str) -> Option<String> {
    const EQUALS: &str = " = ";
    let (before, rest) = policy.split_once(" ((")?;
    let end = closing(rest)?;
    let (equation, after) = (&rest[..end], &rest[end..]);
    let words = top(equation);
    let [_, "=", _] = words.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let equals = equation.match_indices(EQUALS);
    let depth_of = |at: usize| depth(&equation[..at]);
    let (at, _) = equals
        .filter(|(at, _)| is_bare(equation, *at))
        .find(|(at, _)| depth_of(*at) == 0)?;
    let (left, right) = (&equation[..at], &equation[at + EQUALS.len()..]);
    let after = turned(after).unwrap_or_else(|| after.to_owned());
    let (first, second) = if left <= right {
        (left, right)
    } else {
        (right, left)
    };
    Some(format!("{before} (({first}{EQUALS}{second}{after}"))
}

/// The characters of `text` outside quotes, by their places.
fn bare(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    text.char_indices().filter(move |(_, c)| match quote {
        Some(open) => {
            if *c == open {
                quote = None;
            }
            false
        }
        None => {
            if ['\'', '"'].contains(c) {
                quote = Some(*c);
            }
            true
        }
    })
}

fn is_bare(text: &str, at: usize) -> bool {
    bare(text).any(|(place, _)| place == at)
}

/// How many more parentheses `text` opens than it closes.
fn depth(text: &str) -> isize {
    bare(text)
        .map(|(_, c)| isize::from(c == '(') - isize::from(c == ')'))
        .sum()
}

/// Where the parenthesis is closed that was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    let mut closed = bare(text).filter(|(_, c)| {
        open += isize::from(*c == '(') - isize::from(*c == ')');
        open == 0
    });
    closed.next().map(|(at, _)| at)
}

/// What of `text` stands outside parentheses and quotes.
fn top(text: &str) -> String {
    let mut open = 0;
    let outside = bare(text).filter(|(_, c)| {
        open += isize::from(*c == '(') - isize::from(*c == ')');
        open == 0
    });
    outside.map(|(_, c)| c).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_goes_only_when_it_is_what_filters() {
        for (policy, kept) in [
            (
                "FOR ALL TO public USING ((a = 1)) WITH CHECK ((a = 1))",
                "FOR ALL TO public USING ((a = 1))",
            ),
            (
                "FOR ALL TO public USING ((a = 1))",
                "FOR ALL TO public USING ((a = 1))",
            ),
            (
                "FOR ALL TO public USING ((a = 1)) WITH CHECK ((a = 2))",
                "FOR ALL TO public USING ((a = 1)) WITH CHECK ((a = 2))",
            ),
            (
                "FOR ALL TO public USING ((a IN (SELECT 1 FROM b JOIN c USING (d)))) WITH CHECK ((a IN (SELECT 1 FROM b JOIN c USING (d))))",
                "FOR ALL TO public USING ((a IN (SELECT 1 FROM b JOIN c USING (d))))",
            ),
            (
                "FOR INSERT TO public WITH CHECK ((a = 1))",
                "FOR INSERT TO public WITH CHECK ((a = 1))",
            ),
            (
                "FOR ALL TO public USING (('\u{e9}' = a))",
                "FOR ALL TO public USING (('\u{e9}' = a))",
            ),
            ("FOR ALL TO public USING (é)", "FOR ALL TO public USING (é)"),
        ] {
            let mut policy = policy.to_owned();
            drop_needless_check(&mut policy);
            assert_eq!(policy, kept);
        }
    }

    #[test]
    fn what_says_the_same_is_spelled_the_same() {
        let spelled = |policy: &str| {
            let mut policy = policy.to_owned();
            normalise(&mut policy);
            policy
        };
        let tenant = r#"FOR ALL TO public USING (("tenantId" = (NULLIF(current_setting('a.b (c'::text, true), ''::text))::uuid))"#;
        let same = [
            r#"FOR ALL TO public USING (("tenantId" = ( SELECT (NULLIF(current_setting('a.b (c'::text, true), ''::text))::uuid AS "nullif")))"#,
            r#"FOR ALL TO public USING (((NULLIF(current_setting('a.b (c'::text, true), ''::text))::uuid = "tenantId"))"#,
            r#"FOR ALL TO public USING (("tenantId" = ( SELECT (NULLIF(( SELECT current_setting('a.b (c'::text, true) AS current_setting), ''::text))::uuid AS uuid)))"#,
        ];
        for policy in same {
            assert_eq!(spelled(policy), spelled(tenant), "{policy}");
        }
        let both = format!(
            "{tenant} WITH CHECK {}",
            &tenant["FOR ALL TO public USING ".len()..]
        );
        assert_eq!(spelled(&both), spelled(tenant));
        let turned =
            r#"FOR ALL TO public USING (("tenantId" = f())) WITH CHECK ((f() = "tenantId"))"#;
        assert_eq!(
            spelled(turned),
            spelled(r#"FOR ALL TO public USING (("tenantId" = f()))"#)
        );
        for (one, other) in [
            ("USING ((f((a = b)) = c))", "USING ((c = f((a = b))))"),
            ("USING (('b = a'::text = c))", "USING ((c = 'b = a'::text))"),
            (
                r#"USING (("it's" = ( SELECT f('"') AS f)))"#,
                r#"USING ((f('"') = "it's"))"#,
            ),
            (
                r#"USING ((a = ( SELECT f() AS "x AS y")))"#,
                "USING ((a = f()))",
            ),
        ] {
            assert_eq!(spelled(one), spelled(other), "{one}");
        }
        for other in [
            r#"USING (("tenantId" <> f()))"#,
            r#"USING ((f() = ANY ("tenantIds")))"#,
            "USING ((f() = list_of_( SELECT g() AS g)))",
            r#"USING (("tenantId" = ( SELECT t.id
   FROM t)))"#,
            r#"USING (("tenantId" = ( SELECT a() AS a, b() AS b)))"#,
            r#"USING ((("tenantId" = f()) OR (f() = "tenantId")))"#,
            "USING ((' = ( SELECT f() AS f)' < a))",
            r#"USING (("tenantId" IN ( SELECT tenants_of_mine() AS tenants_of_mine)))"#,
            r#"USING (("tenantId" = ANY ( SELECT f() AS f)))"#,
            r#"USING (("tenantId" = ANY (ARRAY( SELECT f() AS f))))"#,
            "USING (true)",
            "",
        ] {
            assert_eq!(spelled(other), other);
        }
    }
}
