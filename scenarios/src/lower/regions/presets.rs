//! What regions are by default, product by product.

/// The defaults of a preset; spans in nanoseconds.
pub(super) struct Preset {
    pub seps: i64,
    pub listener: u64,
    pub dispatcher: u64,
    pub invoke: u64,
    /// Each call to the database.
    pub call: u64,
    pub order: usize,
    pub ageing: u64,
    pub runaway: Option<u64>,
    pub per_sep: bool,
    pub hosted: bool,
}

const MS: u64 = 1_000_000;
pub(super) const SECOND: u64 = 1_000 * MS;

/// Nothing costs anything, priorities order one queue, one process.
const BARE: Preset = Preset {
    seps: 1,
    listener: 0,
    dispatcher: 0,
    invoke: 0,
    call: 0,
    order: 0,
    ageing: 0,
    runaway: None,
    per_sep: false,
    hosted: false,
};

/// In the order of the key's words. Enterprise Server for .NET: two SEPs, calls and hops of a millisecond, the dispatcher in a
/// worker process. CICS: MXT 250, priority ageing of a second a step (PRTYAGE), runaway limit of two seconds (ICVR). IMS: one
/// region at first and priorities. Tuxedo: a queue for each server (no MSSQ). JES2: class lists of initiators.
pub(super) const PRESETS: [Preset; 5] = [
    Preset { seps: 2, listener: MS, dispatcher: MS, invoke: MS, call: MS, hosted: true, ..BARE },
    Preset { seps: 250, order: 2, ageing: SECOND, runaway: Some(2 * SECOND), ..BARE },
    BARE,
    Preset { order: 1, per_sep: true, ..BARE },
    BARE,
];
