//! Lines as paths: curves that leave and enter cards level.

/// The `d` of a path through `points`.
pub(super) fn through(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (number, (x, y)) in points.iter().enumerate() {
        if number == 0 {
            d += &format!("M{x:.1} {y:.1}");
            continue;
        }
        let (from_x, from_y) = points[number - 1];
        let middle = f64::midpoint(from_x, *x);
        d += &format!("C{middle:.1} {from_y:.1} {middle:.1} {y:.1} {x:.1} {y:.1}");
    }
    d
}
