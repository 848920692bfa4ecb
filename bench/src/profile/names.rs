//! Names that fit into a picture, and whose code bears them.

use super::script::{Called, Sample};
use crate::flame_graph::Code;

/// Functions of libc that allocate, free or copy memory.
const MEMORY: [&str; 14] = [
    "_int_free",
    "_int_malloc",
    "_int_realloc",
    "calloc",
    "cfree",
    "free",
    "malloc",
    "memcpy",
    "memmove",
    "memset",
    "realloc",
    "sysmalloc",
    "tcache",
    "unlink_chunk",
];

/// How functions of mimalloc begin, which allocates for all that is in Rust.
const ALLOCATOR: [&str; 2] = ["mi_", "_mi_"];

/// Frames that say nothing: they pass a call on.
const NOISE: [&str; 13] = [
    "alloc::boxed::",
    "core::future::",
    "core::ops::function::",
    "core::panic::",
    "core::pin::",
    "core::result::",
    "std::panic::",
    "std::panicking::",
    "std::rt::",
    "std::sys::",
    "std::thread::",
    "do_syscall_64",
    "entry_SYSCALL_64",
];

/// Functions of libc that have a variant for each kind of processor.
const VARIANTS: [&str; 6] = ["memmove", "memcpy", "memset", "memcmp", "memchr", "strlen"];

/// Words that stand before a path.
const BEFORE_A_PATH: [&str; 4] = ["&", "mut ", "dyn ", "*const "];

/// The path of a symbol without what stands before it: `a::B<T>::f` of `<&a::B<T> as c::D>::f`.
pub(super) fn path(symbol: &str) -> &str {
    let mut path = symbol;
    loop {
        let words = BEFORE_A_PATH.iter();
        let next = words.fold(path.trim_start_matches(['<', '(', '[']), |path, word| {
            path.strip_prefix(word).unwrap_or(path)
        });
        if next == path {
            return path;
        }
        path = next;
    }
}

/// Whose code is taken to have called all of a stack. Where it is not known, of the C code in the
/// server it was AWS-LC's: its assembler alone uses the frame pointer for something else.
pub(super) fn outside(sample: &Sample) -> Code {
    if sample.is_cut_off() {
        Code::Crypto
    } else {
        Code::System
    }
}

/// Whose code a function is. That of C has no path; where its name does not tell, it belongs to
/// whoever called it.
pub(super) fn code(called: &Called, caller: Code) -> Code {
    if called.kernel {
        return Code::Kernel;
    }
    let Some(symbol) = &called.symbol else {
        return Code::System;
    };
    if symbol.starts_with("aws_lc_") {
        return Code::Crypto;
    }
    if symbol.starts_with("sqlite3") {
        return Code::Sqlite;
    }
    if ALLOCATOR.iter().any(|begin| symbol.starts_with(begin)) {
        return Code::System;
    }
    let object = &called.object;
    if object.contains("libc") || object.contains("/ld-") || object.contains("[vdso]") {
        return Code::System;
    }
    match path(symbol) {
        path if path.starts_with("avouch") => Code::Own,
        path if path.contains("::") => Code::Library,
        _ => match caller {
            Code::Crypto | Code::Sqlite => caller,
            _ => Code::Library,
        },
    }
}

/// A name for the picture; `None` for a frame that says nothing.
pub(super) fn short(called: &Called) -> Option<String> {
    let symbol = called.symbol.as_deref()?;
    if NOISE.iter().any(|noise| path(symbol).starts_with(noise)) {
        return None;
    }
    if symbol.contains("::") {
        return Some(of_rust(symbol));
    }
    // What follows is a version, or which copy of the function it is.
    let name = symbol.split(['.', '@']).next().unwrap_or(symbol);
    Some(if called.kernel { name } else { of_c(name) }.to_owned())
}

/// Without what libraries put before their names to keep them apart from others'.
fn of_c(name: &str) -> &str {
    if let Some(versioned) = name.strip_prefix("aws_lc_") {
        return versioned.trim_start_matches(|one: char| one.is_ascii_digit() || one == '_');
    }
    let mut variants = VARIANTS.iter();
    if let Some(variant) = variants.find(|variant| name.contains(**variant)) {
        return variant;
    }
    let name = name.strip_prefix("__GI_").unwrap_or(name);
    name.strip_prefix("__libc_")
        .unwrap_or(name)
        .trim_start_matches("__")
}

/// The crate, the last two parts of the path, and `{}` if it is a closure or a future.
fn of_rust(symbol: &str) -> String {
    let plain = without_parameters(symbol);
    let is_part = |part: &&str| !part.is_empty() && !part.starts_with('{') && *part != "_";
    let mut parts: Vec<_> = plain.split("::").filter(is_part).collect();
    parts.dedup();
    let shown: Vec<_> = match parts.as_slice() {
        [first, .., last_but_one, last] if parts.len() > 3 => vec![*first, *last_but_one, *last],
        all => all.to_vec(),
    };
    let mut shown = shown.join("::");
    if plain.contains("{{closure}}") {
        shown.push_str("{}");
    }
    shown
}

/// `<a::B<T> as c::D<E>>::f<G>` and `a::<impl c::D for B>::f` without types: `a::B::f`, `a::f`.
fn without_parameters(symbol: &str) -> String {
    let (whole, rest) = match symbol.strip_prefix('<') {
        None => (path(symbol), ""),
        Some(inner) => {
            let end = closing(inner);
            let (inner, rest) = inner.split_at(end);
            let (of, to) = inner.split_once(" as ").unwrap_or((inner, inner));
            // Of a type that is not known, the trait says more.
            let whole = if path(of).contains("::") { of } else { to };
            (path(whole), rest.strip_prefix('>').unwrap_or(rest))
        }
    };
    let mut depth = 0_usize;
    let mut plain = String::new();
    for one in whole.chars().chain(rest.chars()) {
        match one {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            one if depth == 0 => plain.push(one),
            _ => {}
        }
    }
    plain
}

/// Where the bracket is closed that was opened before `text`.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, one) in text.char_indices() {
        match one {
            '<' => depth += 1,
            '>' if depth == 0 => return at,
            '>' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether it allocates, frees or copies memory.
pub(super) fn is_memory(called: &Called) -> bool {
    let Some(symbol) = called.symbol.as_deref().filter(|_| !called.kernel) else {
        return false;
    };
    let of_libc = called.object.contains("libc");
    of_libc && MEMORY.iter().any(|name| symbol.contains(name))
        || ALLOCATOR.iter().any(|begin| symbol.starts_with(begin))
        || symbol.contains("__rust_alloc")
        || symbol.contains("__rust_dealloc")
        || symbol.contains("__rust_realloc")
}

/// A stack as it is drawn, the outermost frame first.
pub(super) fn stack(sample: &Sample) -> Vec<(String, Code)> {
    let mut stack = Vec::new();
    if sample.is_cut_off() {
        stack.push(("callers unknown".to_owned(), Code::System));
    }
    let mut caller = outside(sample);
    for called in sample.frames.iter().rev() {
        caller = code(called, caller);
        if let Some(name) = short(called) {
            stack.push((name, caller));
        }
    }
    stack
}

#[cfg(test)]
mod tests {
    use super::super::script::tests::recorded;
    use super::*;

    fn called(symbol: &str, object: &str) -> Called {
        Called {
            symbol: Some(symbol.to_owned()),
            object: object.to_owned(),
            kernel: object.starts_with("[kernel"),
        }
    }

    #[test]
    fn a_stack_is_drawn_from_its_beginning_without_what_says_nothing() {
        let stacks: Vec<_> = recorded().iter().map(stack).collect();
        let said: Vec<_> = stacks[0]
            .iter()
            .map(|(name, code)| format!("{} {name}", code.word()))
            .collect();
        let expected = [
            "system start_thread",
            "library tokio::worker::run",
            "library tokio::Context::run_task",
            "own avouch_server::listen::serve{}",
            "library hyper::Dispatcher::poll_catch",
            "own avouch_server::access::handle{}",
            "library axum::Handler::call{}",
            "own avouch_server::introspection::introspect{}",
            "own avouch_server::App::timed{}",
            "own avouch_core::find::find_evenly{}",
            "own avouch_store::AnyStore::find_evenly{}",
            "own avouch_store::Readers::read",
            "own avouch_store::tokens::select",
            "library rusqlite::Rows::advance",
            "sqlite sqlite3_step",
            "sqlite sqlite3VdbeExec",
            "sqlite sqlite3BtreeIndexMoveto",
            "system memcmp",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_is_cut_off_is_told_apart_and_is_whose_assembler_it_is() {
        let stacks: Vec<_> = recorded().iter().map(stack).collect();
        let unknown = ("callers unknown".to_owned(), Code::System);
        let multiply = ("ecp_nistz256_ord_sqr_montx".to_owned(), Code::Crypto);
        assert_eq!(stacks[5], [unknown.clone(), multiply]);
        let malloc = ("_int_malloc".to_owned(), Code::System);
        assert_eq!(stacks[6], [unknown, malloc]);
    }

    #[test]
    fn code_in_c_is_whose_who_called_it_where_its_name_does_not_tell() {
        let here = |symbol, caller| code(&called(symbol, "/usr/bin/avouch"), caller);
        assert_eq!(here("pager_unlock", Code::Sqlite), Code::Sqlite);
        assert_eq!(here("ecdsa_sign_impl", Code::Crypto), Code::Crypto);
        assert_eq!(
            here("aws_lc_0_47_0_ECDSA_sign", Code::Library),
            Code::Crypto
        );
        assert_eq!(here("sqlite3_step", Code::Library), Code::Sqlite);
        assert_eq!(
            here("<&avouch_core::A as b::B>::c", Code::Library),
            Code::Own
        );
        assert_eq!(here("serde_json::to_vec", Code::Own), Code::Library);
        assert_eq!(here("_mi_page_malloc", Code::Sqlite), Code::System);
        let copy = called("__memmove_evex_unaligned_erms", "/usr/lib/libc.so.6");
        assert_eq!(code(&copy, Code::Sqlite), Code::System);
    }

    #[test]
    fn what_allocates_frees_and_copies_is_told_from_the_rest() {
        let libc = "/usr/lib/libc.so.6";
        for (symbol, object, memory) in [
            ("_int_malloc", libc, true),
            ("cfree@GLIBC_2.2.5", libc, true),
            ("__memmove_evex_unaligned_erms", libc, true),
            ("__memcmp_evex_movbe", libc, false),
            ("mi_free", "/usr/bin/avouch", true),
            ("__rustc::__rust_dealloc", "/usr/bin/avouch", true),
            ("sqlite3_free", "/usr/bin/avouch", false),
            ("free_pages", "[kernel.kallsyms]", false),
        ] {
            assert_eq!(is_memory(&called(symbol, object)), memory, "{symbol}");
        }
    }

    #[test]
    fn names_are_short() {
        for (symbol, expected) in [
            (
                "avouch_core::introspection::compose::compose",
                Some("avouch_core::introspection::compose"),
            ),
            (
                "avouch_oauth::introspection::response::write::<impl serde_core::ser::Serialize for \
                 avouch_oauth::introspection::response::IntrospectionResponse>::serialize",
                Some("avouch_oauth::write::serialize"),
            ),
            (
                "<alloc::vec::Vec<T> as alloc::vec::spec_from_iter::SpecFromIter<T,I>>::from_iter",
                Some("alloc::Vec::from_iter"),
            ),
            (
                "<&mut serde_json::de::Deserializer<R> as serde_core::de::Deserializer>::deserialize_map",
                Some("serde_json::Deserializer::deserialize_map"),
            ),
            (
                "core::ptr::drop_in_place<a::B>",
                Some("core::ptr::drop_in_place"),
            ),
            ("aws_lc_0_47_0_ECDSA_sign", Some("ECDSA_sign")),
            ("__memmove_evex_unaligned_erms", Some("memmove")),
            ("__GI___libc_write", Some("write")),
            ("cfree@GLIBC_2.2.5", Some("cfree")),
            (
                "core::ops::function::FnOnce::call_once{{vtable.shim}}",
                None,
            ),
            (
                "<core::pin::Pin<P> as core::future::future::Future>::poll",
                None,
            ),
        ] {
            let name = short(&called(symbol, "/usr/bin/avouch"));
            assert_eq!(name.as_deref(), expected, "{symbol}");
        }
        let kernel = called("do_softirq.part.0", "[kernel.kallsyms]");
        assert_eq!(short(&kernel).as_deref(), Some("do_softirq"));
    }
}
