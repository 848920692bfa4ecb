//! `[limits]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounded::{Seconds, Whole};

/// How much one request, and all of them together, may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Bytes of a request body; a longer one is answered with 413.
    pub body: Whole<1024, 16_777_216>,
    /// Bytes of the request line and all headers together; longer ones are
    /// answered with 431.
    pub header: Whole<8192, 1_048_576>,
    /// Seconds that the body of a request may take to arrive; one that takes
    /// longer is answered with 408, and its connection is closed. The answer
    /// has as long again to be made, and then to be taken by the other end.
    pub request_timeout: Seconds<1, 3600>,
    /// Connections served at one time on each address, those in their TLS
    /// handshake included; more wait until one closes. The default stays below
    /// the 1024 open files a process is commonly given, so raise that limit
    /// (`ulimit -n`) together with this one.
    pub connections: Whole<1, 1_000_000>,
    /// Client assertions and `DPoP` proofs of one caller that are remembered
    /// at one time, each until it expires, so that none is used twice. None is
    /// forgotten before; a caller that sends more is refused until the older
    /// ones expire. One takes about 200 bytes of the data file.
    pub remembered_proofs: Whole<1, 10_000_000>,
    /// Bytes of signed statements kept in memory to be sent again: one resource
    /// server that asks the same about the same token within one second is
    /// told in the same words, for one signature. The token is looked up and
    /// judged each time; a statement with a `jti` is never kept. 0 signs every
    /// answer anew.
    pub statement_memory: Whole<0, 1_073_741_824>,
    /// Costly signatures that may wait to be made at one time: those of RSA
    /// and ML-DSA, ES384 and ES512. Four have their turn for each core, in the
    /// order in which they were asked for, and whatever needs none goes before
    /// those that wait. A request that would have to wait beyond this number
    /// is answered with 503 and `Retry-After: 1`, and nothing of it is kept.
    /// How many signatures a core makes in a second `docs/performance.md`
    /// shows: some 4,000 of RSA with 2048 bits there, so that the default is a
    /// quarter of a second. A larger number makes waits longer and nothing faster:
    /// choose what your cores sign in as many seconds as your callers wait.
    /// Requests go on though their connection closes, so more can wait than
    /// there are `connections`. 0 lets none wait.
    pub waiting_signatures: Whole<0, 1_000_000>,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body: const { Whole::literal(65_536) },
            header: const { Whole::literal(16_384) },
            request_timeout: const { Seconds::literal(10) },
            connections: const { Whole::literal(768) },
            remembered_proofs: const { Whole::literal(100_000) },
            statement_memory: const { Whole::literal(8_388_608) },
            waiting_signatures: const { Whole::literal(1_000) },
        }
    }
}
