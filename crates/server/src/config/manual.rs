//! The manual and the example file, both written from the field docs.

use std::fmt::Write;

use serde_json::Value;

use super::section::{Key, Kind, SECTIONS};

/// A configuration file with every key and its documentation. What is needed
/// stands there with an example, everything else is commented out at its
/// default.
pub fn example() -> String {
    let mut out = String::from(
        "# Configuration of avouch. Keys that are commented out show their\n# defaults, or an example where there is none.\n",
    );
    for section in SECTIONS.iter() {
        out.push('\n');
        comment(&mut out, &section.about);
        if !section.name.is_empty() {
            _ = writeln!(out, "[{}]", section.name);
        }
        for key in &section.keys {
            out.push('\n');
            comment(&mut out, &key.about);
            let value = if key.required {
                &key.example
            } else {
                &key.default
            };
            let value = value
                .as_ref()
                .or(key.example.as_ref())
                .unwrap_or(&Value::Null);
            // One source of the sealing key must be set, though neither key
            // is required by itself.
            let set = key.required || (section.name, key.name) == ("sealing", "key_file");
            _ = writeln!(
                out,
                "{}{} = {}",
                if set { "" } else { "#" },
                key.name,
                toml_value(value)
            );
        }
    }
    out
}

/// The reference of all sections and keys, in Markdown.
pub fn reference() -> String {
    let mut out = String::from(
        "<!-- Generated from the field docs in crates/server/src/config; to renew it:\n     \
         AVOUCH_BLESS=1 cargo test -p avouch-server --test config -->\n\n\
         # Configuration\n\n\
         `avouch serve --config avouch.toml` reads one TOML file. Unknown keys are refused, and\n\
         all that is wrong with a file is listed at once, with line and column.\n\
         `avouch config check` does that, and looks whether the keys and certificates it names\n\
         are on this machine: if not, it fails. `--elsewhere` is for the file of another machine.\n\
         `avouch config print` shows the configuration in effect, defaults filled in.\n",
    );
    for section in SECTIONS.iter() {
        let title = if section.name.is_empty() {
            "Top of the file".to_owned()
        } else {
            format!("`[{}]`", section.name)
        };
        _ = write!(out, "\n## {title}\n\n{}\n", section.about);
        for key in &section.keys {
            _ = write!(
                out,
                "\n### `{}`\n\n{}\n\n{}",
                key.name,
                key.about,
                facts(key)
            );
        }
    }
    out.push_str("\n## An example\n\n```toml\n");
    out.push_str(&example());
    out.push_str("```\n");
    out
}

fn facts(key: &Key) -> String {
    let mut out = format!("- Value: {}\n", key.kind);
    if let Kind::Tables(keys) = &key.kind {
        for key in keys {
            facts_in_table(&mut out, key);
        }
    }
    match &key.default {
        _ if key.required => out.push_str("- Must be set\n"),
        Some(default) => _ = writeln!(out, "- Default: `{}`", toml_value(default)),
        None => out.push_str("- Default: not set\n"),
    }
    if let Some(example) = &key.example {
        _ = writeln!(out, "- Example: `{}`", toml_value(example));
    }
    out
}

/// A key of a table in a list, in one point.
fn facts_in_table(out: &mut String, key: &Key) {
    let about = key.about.replace('\n', " ");
    _ = write!(out, "  - `{}`: {about} Value: {}; ", key.name, key.kind);
    match &key.default {
        Some(default) => _ = writeln!(out, "default `{}`", toml_value(default)),
        None => out.push_str("must be set\n"),
    }
}

fn comment(out: &mut String, text: &str) {
    for line in text.lines() {
        _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
}

/// A value as TOML writes it; lists on one line.
fn toml_value(value: &Value) -> String {
    match value {
        Value::Array(values) => {
            let values: Vec<_> = values.iter().map(toml_value).collect();
            format!("[{}]", values.join(", "))
        }
        Value::String(text) => toml::Value::from(text.as_str()).to_string(),
        other => other.to_string(),
    }
}
