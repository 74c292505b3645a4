//! What a balancer sees and decides.

use super::{Clairvoyant, Knowledge, Shared};
use crate::processor::ProcessorState;
use crate::rng::Stream;
use crate::trace::Key;
use crate::units::{Time, Work};
use std::marker::PhantomData;

/// The job that a balancer places.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Its number in the run.
    pub number: u64,
    /// The client it comes from: an IPv4 address as a number below 2^32, or a hash with the top bit set.
    pub client: u64,
}

/// What a balancer has sent to a server.
#[derive(Clone, Copy, Default)]
pub(crate) struct Load {
    /// Requests that have not left it.
    pub active: u32,
    /// Requests in all.
    pub picks: u64,
}

/// A group's servers as its balancer keeps account of them.
pub struct Farm {
    /// What each server was sent.
    pub(crate) loads: Vec<Load>,
    pub(crate) weights: Vec<u32>,
    /// Servers that may be chosen, in index order.
    pub(crate) usable: Vec<u32>,
    /// Work owed to each server (balancers that know sizes).
    pub(crate) owed: Vec<u64>,
    /// First processor of each role of the group.
    pub(crate) roles: Vec<u32>,
}

/// The servers as a balancer sees them.
pub struct Servers<'a, K> {
    farm: &'a Farm,
    processors: &'a [ProcessorState],
    shared: &'a Shared,
    knowledge: PhantomData<K>,
}

impl<K> Servers<'_, K> {
    /// The current time.
    #[inline]
    pub fn now(&self) -> Time {
        self.shared.now
    }

    /// How many servers there are, usable or not.
    #[inline]
    pub fn count(&self) -> usize {
        self.farm.loads.len()
    }

    /// The servers that may be chosen, in index order; never empty.
    #[inline]
    pub fn usable(&self) -> &[u32] {
        &self.farm.usable
    }

    /// Whether `server` may be chosen.
    pub fn is_usable(&self, server: u32) -> bool {
        self.farm.usable.len() == self.farm.loads.len() || self.farm.usable.binary_search(&server).is_ok()
    }

    /// Requests that this balancer has sent to `server` and that have not left it.
    #[inline]
    pub fn active(&self, server: u32) -> u32 {
        self.farm.loads[server as usize].active
    }

    /// The server's weight.
    #[inline]
    pub fn weight(&self, server: u32) -> u32 {
        self.farm.weights[server as usize]
    }

    /// The usable server with the least `key`; the lowest index wins ties.
    #[inline]
    pub fn least<T: Ord>(&self, mut key: impl FnMut(u32) -> T) -> u32 {
        let mut best = self.farm.usable[0];
        let mut best_key = key(best);
        for &server in &self.farm.usable[1..] {
            let candidate = key(server);
            if candidate < best_key {
                (best, best_key) = (server, candidate);
            }
        }
        best
    }
}

impl Servers<'_, Clairvoyant> {
    /// Work left at `server`: what its requests still have to be served at its processors.
    pub fn work_left(&self, server: u32) -> Work {
        let done: u64 = self
            .farm
            .roles
            .iter()
            .map(|base| self.processors[(base + server) as usize].work_in_progress(self.shared).0)
            .sum();
        Work(self.farm.owed[server as usize].saturating_sub(done))
    }
}

/// Decides which server of a group gets a request.
pub trait Balancer: Send + 'static {
    /// What it may know of sizes: [`Blind`] or [`Clairvoyant`].
    type Sees: Knowledge;

    /// Whether it wants to be told when a request leaves ([`left`](Balancer::left)).
    const WATCHES: bool = false;

    /// The server for `request`: one of [`Servers::usable`].
    fn pick(&mut self, request: &Request, servers: &Servers<'_, Self::Sees>, rng: &mut Stream) -> u32;

    /// A request has left `server`.
    fn left(&mut self, server: u32, servers: &Servers<'_, Self::Sees>, rng: &mut Stream) {
        let _ = (server, servers, rng);
    }

    /// The key by which `server` is judged right now, before the choice; the smaller goes first. For decision records
    /// only.
    fn key(&self, server: u32, request: &Request, servers: &Servers<'_, Self::Sees>) -> Key;

    /// What else there is to say about the last decision (the servers sampled); for decision records only.
    fn note(&self) -> Option<String> {
        None
    }

    /// The servers that the last decision was among, where these are not all that are usable; for decision records only.
    fn among(&self) -> Option<&[u32]> {
        None
    }
}

/// A [`Balancer`] with its types erased, as the engine holds it. Implemented for every balancer.
pub trait ErasedBalancer: Send {
    /// Whether [`left`](ErasedBalancer::left) is wanted.
    fn watches(&self) -> bool;
    /// Whether sizes are known, so that the engine keeps the work owed to each server.
    fn knows_sizes(&self) -> bool;
    /// See [`Balancer::pick`].
    fn pick(
        &mut self,
        request: &Request,
        farm: &Farm,
        processors: &[ProcessorState],
        shared: &Shared,
        rng: &mut Stream,
    ) -> u32;
    /// See [`Balancer::left`].
    fn left(
        &mut self,
        server: u32,
        farm: &Farm,
        processors: &[ProcessorState],
        shared: &Shared,
        rng: &mut Stream,
    );
    /// See [`Balancer::key`].
    fn key(
        &self,
        server: u32,
        request: &Request,
        farm: &Farm,
        processors: &[ProcessorState],
        shared: &Shared,
    ) -> Key;
    /// See [`Balancer::note`].
    fn note(&self) -> Option<String>;
    /// See [`Balancer::among`].
    fn among(&self) -> Option<&[u32]>;
}

#[inline]
fn servers<'a, K>(farm: &'a Farm, processors: &'a [ProcessorState], shared: &'a Shared) -> Servers<'a, K> {
    Servers { farm, processors, shared, knowledge: PhantomData }
}

impl<B: Balancer> ErasedBalancer for B {
    fn watches(&self) -> bool {
        B::WATCHES
    }

    fn knows_sizes(&self) -> bool {
        std::any::TypeId::of::<B::Sees>() == std::any::TypeId::of::<Clairvoyant>()
    }

    fn pick(
        &mut self,
        request: &Request,
        farm: &Farm,
        processors: &[ProcessorState],
        shared: &Shared,
        rng: &mut Stream,
    ) -> u32 {
        Balancer::pick(self, request, &servers(farm, processors, shared), rng)
    }

    fn left(
        &mut self,
        server: u32,
        farm: &Farm,
        processors: &[ProcessorState],
        shared: &Shared,
        rng: &mut Stream,
    ) {
        Balancer::left(self, server, &servers(farm, processors, shared), rng);
    }

    fn key(
        &self,
        server: u32,
        request: &Request,
        farm: &Farm,
        processors: &[ProcessorState],
        shared: &Shared,
    ) -> Key {
        Balancer::key(self, server, request, &servers(farm, processors, shared))
    }

    fn note(&self) -> Option<String> {
        Balancer::note(self)
    }

    fn among(&self) -> Option<&[u32]> {
        Balancer::among(self)
    }
}
