//! The rows of server groups and balancers among the [metrics](crate::metrics).

use crate::metrics::{Emit, MAX_MEMBERS, ratio};
use reports::rows::ALL;
use sim_core::measure::Measures;
use sim_core::model::Model;

/// Groups whose servers can fail.
pub(crate) fn group_rows(model: &Model, measures: &Measures, emit: Emit<'_>) {
    let window = u128::from(measures.window().0);
    for (group, found) in
        model.groups.iter().zip(&measures.groups).filter(|(group, _)| group.outages.is_some())
    {
        emit("failures/count", &group.name, ALL, Some(found.failures as f64));
        emit("downtime/share", &group.name, ALL, ratio(found.down, window * group.weights.len() as u128));
    }
}

pub(crate) fn balancer_rows(model: &Model, measures: &Measures, emit: Emit<'_>) {
    for (balancer, found) in model.balancers.iter().zip(&measures.balancers) {
        let Some(group) = model.groups.get(balancer.group as usize) else { continue };
        let servers = group.weights.len();
        let picks = |server: usize| found.picks.get(server).copied().unwrap_or(0);
        let total: u64 = (0..servers).map(picks).sum();
        let most = (0..servers).map(picks).max().unwrap_or(0);
        emit("picks/count", &balancer.name, ALL, Some(total as f64));
        let imbalance = ratio(u128::from(most) * servers as u128, u128::from(total));
        emit("picks/max_over_mean", &balancer.name, ALL, imbalance);
        if group.outages.is_some() {
            emit("refused/count", &balancer.name, ALL, Some(found.refused as f64));
        }
        if servers <= MAX_MEMBERS {
            for server in 0..servers {
                let scope = format!("{}:{}-{}", balancer.name, group.name, server + 1);
                emit("picks/count", &scope, ALL, Some(picks(server) as f64));
            }
        }
    }
}
