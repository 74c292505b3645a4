//! The Universal Scalability Law, fitted to throughput.
//!
//! Throughput of n jobs in the system (or n servers, threads): `X(n) = gamma n / (1 + alpha (n - 1) + beta n (n - 1))`; alpha is
//! contention, beta coherency, and beta > 0 makes throughput fall again beyond `n = sqrt((1 - alpha) / beta)`.
//!
//! The law is linear in `n / X = (1/gamma) (1 + alpha (n - 1) + beta n (n - 1))`, so that a fit is three unknowns of least
//! squares; each point is weighted by its X/n, which makes residuals relative. Written out here: linear algebra crates choose
//! their instructions by the machine, and results are to be the same bytes everywhere.
//!
//! Source: Gunther, Guerrilla Capacity Planning (2007), 4 to 6.

/// A fitted law.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Usl {
    /// Throughput of one.
    pub gamma: f64,
    /// Contention.
    pub alpha: f64,
    /// Coherency.
    pub beta: f64,
    /// Root mean square of the relative errors of X.
    pub error: f64,
}

impl Usl {
    /// Throughput of `n`.
    pub fn throughput(&self, n: f64) -> f64 {
        self.gamma * n / (1.0 + self.alpha * (n - 1.0) + self.beta * n * (n - 1.0))
    }

    /// Where throughput is greatest; `None` where it grows for ever, or falls from the first.
    pub fn peak(&self) -> Option<f64> {
        let inside = self.beta > 0.0 && self.alpha < 1.0;
        inside.then(|| libm::sqrt((1.0 - self.alpha) / self.beta)).filter(|peak| *peak >= 1.0)
    }
}

/// Fits the law to points (n, X); neither alpha nor beta is negative. `None` of fewer than three different n, or where no such
/// law fits.
pub fn fit(points: &[(f64, f64)]) -> Option<Usl> {
    let points: Vec<(f64, f64)> = points
        .iter()
        .copied()
        .filter(|(n, x)| *n > 0.0 && *x > 0.0 && n.is_finite() && x.is_finite())
        .collect();
    let mut different: Vec<f64> = points.iter().map(|(n, _)| *n).collect();
    different.sort_by(f64::total_cmp);
    different.dedup();
    if different.len() < 3 {
        return None;
    }
    // Unknowns: 1/gamma, alpha/gamma, beta/gamma. One that would be negative is zero, and the others are fitted again.
    [[true, true], [true, false], [false, true], [false, false]]
        .into_iter()
        .filter_map(|used| constrained(&points, used))
        .min_by(|a, b| a.error.total_cmp(&b.error))
}

/// The fit with only some of alpha and beta; `None` where one of them is negative.
fn constrained(points: &[(f64, f64)], used: [bool; 2]) -> Option<Usl> {
    let terms = |n: f64| {
        let mut row = vec![1.0];
        if used[0] {
            row.push(n - 1.0);
        }
        if used[1] {
            row.push(n * (n - 1.0));
        }
        row
    };
    let size = terms(1.0).len();
    // Normal equations of the weighted rows: each row times X/n has the right side 1.
    let mut matrix = vec![vec![0.0; size + 1]; size];
    for (n, x) in points {
        let row: Vec<f64> = terms(*n).into_iter().map(|term| term * x / n).collect();
        for i in 0..size {
            for j in 0..size {
                matrix[i][j] += row[i] * row[j];
            }
            matrix[i][size] += row[i];
        }
    }
    let solution = solve(matrix)?;
    let gamma = 1.0 / solution[0];
    let mut rest = solution[1..].iter().map(|value| value * gamma);
    let alpha = if used[0] { rest.next()? } else { 0.0 };
    let beta = if used[1] { rest.next()? } else { 0.0 };
    if !gamma.is_finite() || gamma <= 0.0 || alpha < 0.0 || beta < 0.0 {
        return None;
    }
    let mut usl = Usl { gamma, alpha, beta, error: 0.0 };
    let squares: f64 =
        points.iter().map(|(n, x)| (usl.throughput(*n) / x - 1.0) * (usl.throughput(*n) / x - 1.0)).sum();
    usl.error = libm::sqrt(squares / points.len() as f64);
    Some(usl)
}

/// Gauss with pivots, on rows with the right side as last column; `None` where the rows are dependent.
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = rows.len();
    for column in 0..size {
        let pivot =
            (column..size).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        let head = rows[column].clone();
        if head[column].abs() < 1e-300 {
            return None;
        }
        for row in &mut rows[column + 1..] {
            let factor = row[column] / head[column];
            for (value, above) in row.iter_mut().zip(&head).skip(column) {
                *value -= factor * above;
            }
        }
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|column| rows[row][column] * solution[column]).sum();
        solution[row] = (rows[row][size] - known) / rows[row][row];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case `usl`: the values of the law give its parameters back.
    #[test]
    fn a_law_is_found_from_its_values() {
        let values = [
            (1.0, 1000.0),
            (2.0, 1_902.949_571_836_346_4),
            (4.0, 3_460.207_612_456_747_5),
            (8.0, 5_805.515_239_477_503),
            (16.0, 8_556.149_732_620_32),
            (32.0, 10_505.581_089_954_04),
            (44.0, 10_742.187_5),
            (64.0, 10_379.500_486_539_084),
        ];
        let found = fit(&values).unwrap();
        for (name, value, expected) in [
            ("gamma", found.gamma, 1000.0),
            ("alpha", found.alpha, 0.05),
            ("beta", found.beta, 0.0005),
            ("peak", found.peak().unwrap(), 43.588_989_435_406_73),
        ] {
            assert!((value / expected - 1.0).abs() < 1e-8, "{name}: {value}, expected {expected}");
        }
        assert!(found.error < 1e-10, "{}", found.error);
        for (n, x) in values {
            assert!((found.throughput(n) / x - 1.0).abs() < 1e-10, "X({n})");
        }
        // Without coherency throughput only grows, towards gamma / alpha.
        let amdahl = Usl { beta: 0.0, ..found };
        assert_eq!(amdahl.peak(), None);
        assert!((amdahl.throughput(1e12) / 20_000.0 - 1.0).abs() < 1e-6);
    }

    /// Jobs in the system of M/M/1: X = mu L / (1 + L), which is contention of one half.
    #[test]
    fn one_server_is_contention_alone() {
        let points: Vec<(f64, f64)> =
            [0.1, 0.3, 0.5, 0.7, 0.9].iter().map(|rho| (rho / (1.0 - rho), 100.0 * rho)).collect();
        let found = fit(&points).unwrap();
        assert!((found.gamma - 50.0).abs() < 1e-9 && (found.alpha - 0.5).abs() < 1e-9, "{found:?}");
        assert!(found.beta.abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn nothing_is_fitted_to_too_little() {
        assert_eq!(fit(&[(1.0, 10.0), (2.0, 18.0)]), None);
        assert_eq!(fit(&[(1.0, 10.0), (1.0, 10.0), (2.0, 18.0)]), None);
        assert_eq!(fit(&[(1.0, 0.0), (2.0, f64::NAN), (3.0, -1.0)]), None);
        // Faster than linear: neither contention nor coherency is negative.
        let found = fit(&[(1.0, 10.0), (2.0, 30.0), (4.0, 100.0)]).unwrap();
        assert_eq!((found.alpha, found.beta), (0.0, 0.0));
    }
}
