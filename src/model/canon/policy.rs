//! Policies of row-level security.

/// Takes off what a policy need not say: that it checks what is written as it filters what is read. Without WITH CHECK,
/// the expression of USING is used for both (PostgreSQL manual, CREATE POLICY).
pub(super) fn drop_needless_check(policy: &mut String) {
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
}
