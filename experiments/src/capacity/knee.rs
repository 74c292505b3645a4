//! Where a curve of response against demand bends, by named definitions: there is no knee without one.

/// A definition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Knee {
    /// The most throughput for its response time: X / R is greatest.
    Power,
    /// The response time is twice what it is without waiting.
    Double,
    /// It is four times that.
    Fourfold,
    /// The line from the origin touches the curve: R over demand is least.
    Tangent,
}

impl Knee {
    /// Every definition, with its name and what it says.
    pub const ALL: [(Knee, &'static str, &'static str); 4] = [
        (Knee::Power, "power", "X/R is greatest"),
        (Knee::Double, "double", "R = 2 S"),
        (Knee::Fourfold, "fourfold", "R = 4 S"),
        (Knee::Tangent, "tangent", "R over demand is least"),
    ];

    /// Its name in results and options.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What it says.
    pub fn meaning(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (Knee, &'static str, &'static str) {
        Knee::ALL[self as usize]
    }

    /// The definition with this name.
    pub fn named(name: &str) -> Option<Knee> {
        Knee::ALL.iter().find(|(_, known, _)| *known == name).map(|(knee, ..)| *knee)
    }
}

/// One point of a curve.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// Demand, in any unit.
    pub demand: f64,
    /// Jobs completed a second.
    pub throughput: f64,
    /// Mean response time.
    pub response: f64,
    /// What it would be without waiting.
    pub service: f64,
}

/// The demand at the knee of a curve whose points ascend in demand; `None` where the curve does not reach it.
///
/// Between points: a parabola through the best point and its neighbors (power, and the reciprocal for the tangent), a
/// straight line on S/R (the multiples of S). For M/M/1, where X/R = rho (1 - rho) mu^2 and S/R = 1 - rho, both are exact. Power is
/// from Kleinrock, Power and deterministic rules of thumb for probabilistic problems in computer communications (1979).
pub fn knee(points: &[Point], definition: Knee) -> Option<f64> {
    let usable = |point: &&Point| point.response > 0.0 && point.throughput > 0.0 && point.demand > 0.0;
    let points: Vec<Point> = points.iter().filter(usable).copied().collect();
    match definition {
        Knee::Power => greatest(&points, |point| point.throughput / point.response),
        Knee::Tangent => greatest(&points, |point| point.demand / point.response),
        Knee::Double => multiple(&points, 2.0),
        Knee::Fourfold => multiple(&points, 4.0),
    }
}

/// Where a function is greatest: inside of the curve only.
fn greatest(points: &[Point], of: impl Fn(&Point) -> f64) -> Option<f64> {
    let values: Vec<f64> = points.iter().map(of).collect();
    let best = (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b]).then(b.cmp(a)))?;
    if best == 0 || best + 1 == values.len() {
        return None;
    }
    // The parabola's vertex in Newton's form.
    let x = [points[best - 1].demand, points[best].demand, points[best + 1].demand];
    let y = [values[best - 1], values[best], values[best + 1]];
    let first = (y[1] - y[0]) / (x[1] - x[0]);
    let second = ((y[2] - y[1]) / (x[2] - x[1]) - first) / (x[2] - x[0]);
    if second >= 0.0 || !second.is_finite() {
        return Some(x[1]);
    }
    Some((0.5 * (x[0] + x[1]) - first / (2.0 * second)).clamp(x[0], x[2]))
}

/// Where the response time first is so many times what it is without waiting.
fn multiple(points: &[Point], times: f64) -> Option<f64> {
    let limit = 1.0 / times;
    let part = |point: &Point| point.service / point.response;
    let at = points.iter().position(|point| part(point) <= limit)?;
    let high = points[at];
    let before = at.checked_sub(1)?;
    let low = points[before];
    let (y0, y1) = (part(&low), part(&high));
    Some(low.demand + (high.demand - low.demand) * (y0 - limit) / (y0 - y1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case `knee-mm1`: R = 1/(1 - rho).
    #[test]
    fn knees_of_one_server_are_known() {
        let at = |rho: f64| Point { demand: rho, throughput: rho, response: 1.0 / (1.0 - rho), service: 1.0 };
        for loads in
            [vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], vec![0.05, 0.3, 0.45, 0.65, 0.72, 0.9, 0.95]]
        {
            let points: Vec<Point> = loads.into_iter().map(at).collect();
            for (definition, expected) in
                [(Knee::Power, 0.5), (Knee::Double, 0.5), (Knee::Fourfold, 0.75), (Knee::Tangent, 0.5)]
            {
                let found = knee(&points, definition).unwrap();
                assert!((found - expected).abs() < 1e-12, "{}: {found}", definition.name());
            }
        }
    }

    #[test]
    fn a_curve_that_does_not_reach_it_has_no_knee() {
        let at = |rho: f64| Point { demand: rho, throughput: rho, response: 1.0 / (1.0 - rho), service: 1.0 };
        let points: Vec<Point> = [0.1, 0.2, 0.3].into_iter().map(at).collect();
        for (definition, name, _) in Knee::ALL {
            assert_eq!(knee(&points, definition), None, "{name}");
            assert_eq!(Knee::named(name), Some(definition));
            assert_eq!(definition.name(), name);
        }
        assert_eq!(knee(&[], Knee::Power), None);
    }
}
