//! Which part of an answer a sample counts for: each for one, so that all parts are all samples.
//!
//! **The rule.** The innermost frame that a part claims decides. What anybody may call
//! (`serde_json`, `core`, `malloc`) is claimed by none and counts for whoever called it. What the
//! kernel does counts for one of the kernel's parts, whoever called it.

use super::PartFigure;
use super::names::{code, is_memory, outside, path};
use super::script::{Called, Sample};
use crate::flame_graph::Code;

/// A row of the table, and what the names of its functions begin with. Of several parts that claim
/// a function, the one that says most of its name has it.
struct Part {
    name: &'static str,
    functions: &'static [&'static str],
}

const fn part(name: &'static str, functions: &'static [&'static str]) -> Part {
    Part { name, functions }
}

/// What the server does itself, in the order of a request.
const OWN: &[Part] = &[
    part("runtime (tokio)", &["mio::", "tokio::"]),
    part(
        "HTTP (hyper, axum)",
        &[
            "axum::",
            "axum_core::",
            "http::",
            "http_body::",
            "http_body_util::",
            "httparse::",
            "hyper::",
            "hyper_util::",
            "matchit::",
            "tower::",
        ],
    ),
    part("around the walk", &["avouch_server::"]),
    part(
        "the walk itself",
        &[
            "avouch_server::app::",
            "avouch_server::clock::",
            "avouch_server::endpoints::introspection::",
        ],
    ),
    part(
        "parse",
        &[
            "avouch_oauth::accept::",
            "avouch_oauth::form::",
            "avouch_oauth::introspection::parse::",
            "avouch_oauth::media_type::",
            "avouch_server::endpoints::parse_form",
            "avouch_server::request::",
        ],
    ),
    part(
        "authenticate",
        &[
            "avouch_core::authenticate::",
            "avouch_core::client_secrets::",
            "avouch_core::secret::",
            "avouch_oauth::authorization::",
            "avouch_oauth::basic::",
            "avouch_server::caller_token::",
            "avouch_server::extract::",
            "avouch_store::any::AnyStore as avouch_core::storage::callers::",
            "avouch_store::sqlite::callers::",
        ],
    ),
    part(
        "authorize, negotiate, judge",
        &[
            "avouch_core::introspection::authorize::",
            "avouch_core::introspection::judge::",
            "avouch_oauth::negotiate::",
        ],
    ),
    part(
        "find: SQLite",
        &["avouch_store::sqlite::readers::", "rusqlite::", "sqlite3"],
    ),
    part(
        "find: decode",
        &[
            "avouch_store::kept::",
            "avouch_store::sqlite::rows::",
            "avouch_store::sqlite::tokens::",
        ],
    ),
    part(
        "find: keeping it in memory",
        &["avouch_store::cache::hot_cache::HotCache<K,V>::fill"],
    ),
    part(
        "find: the rest",
        &[
            "avouch_core::introspection::find::",
            "avouch_core::opaque_token::",
            "avouch_core::own_tokens::",
            "avouch_store::",
        ],
    ),
    part(
        "compose",
        &[
            "avouch_core::introspection::compose::",
            "avouch_core::introspection::pairwise::",
        ],
    ),
    part(
        SIGN,
        &[
            "avouch_core::keys::signer::",
            "avouch_crypto::sign::",
            "avouch_jose::nested::",
            "avouch_jose::signing_key::",
            "avouch_server::signing_queue::",
        ],
    ),
    part(
        "secure: the rest",
        &[
            "avouch_core::introspection::secure::",
            "avouch_core::introspection::statement_memory::",
            "avouch_jose::jws::",
            "avouch_oauth::introspection::claims::",
            "avouch_oauth::introspection::response::IntrospectionResponse::to_json",
        ],
    ),
    part(
        "record",
        &[
            "avouch_core::introspection::record::",
            "avouch_server::recorder::",
        ],
    ),
    part("respond", &["avouch_server::respond::"]),
    part(
        "log, metrics",
        &[
            "avouch_server::access::Seen::log",
            "avouch_server::log::",
            "avouch_server::metrics::",
        ],
    ),
];

const SIGN: &str = "secure: signature, encryption";

/// What the kernel does, by what it was called for.
const KERNEL: &[Part] = &[
    part(
        "kernel: network",
        &[
            "__sys_accept",
            "__sys_recv",
            "__sys_send",
            "__sys_shutdown",
            "do_epoll_",
            "do_readv",
            "do_writev",
            "ep_",
            "inet_",
            "ip_",
            "net_",
            "sock_",
            "tcp_",
        ],
    ),
    part(
        "kernel: files",
        &[
            "do_fcntl",
            "do_sys_open",
            "ext4_",
            "filemap_",
            "generic_file_",
            "ksys_pread",
            "ksys_pwrite",
            "ksys_read",
            "ksys_write",
            "vfs_fsync",
        ],
    ),
    part(
        KERNEL_MEMORY,
        &[
            "__do_sys_mremap",
            "do_brk",
            "do_madvise",
            "do_mmap",
            "do_mprotect_pkey",
            "do_munmap",
            "do_user_addr_fault",
            "exc_page_fault",
            "handle_mm_fault",
            "lock_vma_under_rcu",
            "vm_mmap",
        ],
    ),
    part(KERNEL_REST, &["eventfd_"]),
];

const KERNEL_MEMORY: &str = "kernel: memory";
const KERNEL_REST: &str = "kernel: the rest";

/// Nobody is known who called it.
const MEMORY: &str = "memory, for whom is not known";
const OTHER: &str = "other";

/// Samples by part.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    parts: Vec<PartFigure>,
    cut_off: u64,
    nameless: u64,
}

impl Counts {
    /// None yet, of every part.
    pub(super) fn new() -> Self {
        let own = OWN.iter().map(|part| part.name);
        let kernel = KERNEL.iter().map(|part| part.name);
        let names = own.chain([MEMORY]).chain(kernel).chain([OTHER]);
        Self {
            parts: names.map(PartFigure::new).collect(),
            cut_off: 0,
            nameless: 0,
        }
    }

    pub(super) fn add(&mut self, sample: &Sample) {
        let innermost = sample.frames.first();
        let is_named = innermost.is_some_and(|frame| frame.symbol.is_some());
        self.nameless += u64::from(!is_named);
        self.cut_off += u64::from(sample.is_cut_off());
        let part = part_of(sample);
        let memory = part == KERNEL_MEMORY || innermost.is_some_and(is_memory);
        let mut parts = self.parts.iter_mut();
        if let Some(figure) = parts.find(|figure| figure.part == part) {
            figure.samples += 1;
            figure.memory += u64::from(memory);
        }
    }

    /// How many of them are not known to their beginning.
    pub(super) const fn cut_off(&self) -> u64 {
        self.cut_off
    }

    /// Of how many of them the innermost function has no name.
    pub(super) const fn nameless(&self) -> u64 {
        self.nameless
    }

    /// The parts.
    pub(super) fn figures(self) -> Vec<PartFigure> {
        self.parts
    }
}

fn part_of(sample: &Sample) -> &'static str {
    let Some(innermost) = sample.frames.first() else {
        return OTHER;
    };
    if innermost.kernel {
        let kernels = sample.frames.iter().filter(|frame| frame.kernel);
        return claimed(KERNEL, kernels).unwrap_or(KERNEL_REST);
    }
    claimed(OWN, sample.frames.iter()).unwrap_or_else(|| {
        if is_memory(innermost) {
            MEMORY
        } else if code(innermost, outside(sample)) == Code::Crypto && !innermost.is_named("sha256")
        {
            // SHA-256 is used in several parts, everything else of AWS-LC in this alone.
            SIGN
        } else {
            OTHER
        }
    })
}

/// The part that claims the innermost of the claimed frames.
fn claimed<'a>(
    parts: &'static [Part],
    frames: impl IntoIterator<Item = &'a Called>,
) -> Option<&'static str> {
    let symbols = frames
        .into_iter()
        .filter_map(|frame| frame.symbol.as_deref());
    symbols.map(path).find_map(|path| {
        let length = |part: &&Part| {
            let own = part.functions.iter();
            own.filter(|function| path.starts_with(**function))
                .map(|function| function.len())
                .max()
        };
        let best = parts.iter().filter(|part| length(part).is_some());
        Some(best.max_by_key(length)?.name)
    })
}

#[cfg(test)]
mod tests {
    use super::super::script::tests::recorded;
    use super::*;

    #[test]
    fn the_innermost_frame_that_a_part_claims_decides() {
        let parts: Vec<_> = recorded().iter().map(part_of).collect();
        let expected = [
            "find: SQLite",
            "find: keeping it in memory",
            "secure: the rest",
            "kernel: network",
            "kernel: files",
            "secure: signature, encryption",
            "memory, for whom is not known",
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn every_sample_is_in_one_part_and_memory_is_counted_beside() {
        let mut counts = Counts::new();
        let samples = recorded();
        for sample in &samples {
            counts.add(sample);
        }
        counts.add(&Sample::default());
        assert_eq!((counts.cut_off(), counts.nameless()), (3, 1));
        let figures = counts.figures();
        let all: u64 = figures.iter().map(|figure| figure.samples).sum();
        assert_eq!(all, samples.len() as u64 + 1);
        let with_memory: Vec<_> = figures
            .iter()
            .filter(|figure| figure.memory > 0)
            .map(|figure| &*figure.part)
            .collect();
        let expected = [
            "find: keeping it in memory",
            "memory, for whom is not known",
        ];
        assert_eq!(with_memory, expected);
    }

    #[test]
    fn of_two_claims_the_longer_one_counts() {
        let called = |symbol: &str| Called {
            symbol: Some(symbol.to_owned()),
            object: "/usr/bin/avouch".into(),
            kernel: false,
        };
        for (symbol, part) in [
            (
                "avouch_server::access::handle::{{closure}}",
                "around the walk",
            ),
            ("avouch_server::access::Seen::log", "log, metrics"),
            (
                "<avouch_store::any::AnyStore as \
                 avouch_core::storage::callers::CallerStore>::find_caller::{{closure}}",
                "authenticate",
            ),
            (
                "<avouch_store::any::AnyStore as a::B>::find",
                "find: the rest",
            ),
        ] {
            assert_eq!(claimed(OWN, [&called(symbol)]), Some(part), "{symbol}");
        }
        assert_eq!(claimed(OWN, [&called("serde_json::to_vec")]), None);
    }

    /// The path of a module is that of its file; what has no `::` at its end is a function there.
    #[test]
    fn what_is_claimed_of_this_project_is_there() {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates"));
        let own = OWN.iter().flat_map(|part| part.functions);
        let of_modules = |claim: &&&str| claim.starts_with("avouch") && !claim.contains(" as ");
        for claim in own.filter(of_modules) {
            let (path, function) = claim.rsplit_once("::").unwrap();
            let mut parts = path.trim_start_matches("avouch_").split("::");
            let source = root.join(parts.next().unwrap()).join("src");
            let modules = parts.filter(|part| part.starts_with(char::is_lowercase));
            let file = match modules.collect::<Vec<_>>().as_slice() {
                [] => source.join("lib.rs"),
                modules => source.join(modules.join("/")).with_extension("rs"),
            };
            let text = std::fs::read_to_string(&file).unwrap_or_else(|error| {
                panic!("{claim}: {}: {error}", file.display());
            });
            assert!(
                text.contains(&format!("fn {function}")) || function.is_empty(),
                "{claim}"
            );
        }
    }

    #[test]
    fn no_function_is_claimed_twice_and_no_part_is_there_twice() {
        for parts in [OWN, KERNEL] {
            let mut claims: Vec<_> = parts.iter().flat_map(|part| part.functions).collect();
            let count = claims.len();
            claims.sort_unstable();
            claims.dedup();
            assert_eq!(claims.len(), count);
        }
    }
}
