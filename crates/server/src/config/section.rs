//! The sections and keys there are, as data.
//!
//! Everything is taken from the configuration structs themselves, so that the
//! reader, the example and the manual cannot say something else than they do.

use std::fmt;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::{self, DeserializeOwned, Visitor};
use serde_json::Value;

use super::{
    AdminConfig, ClientAuthenticationConfig, Config, DataConfig, DatabaseConfig, DpopConfig,
    FetchConfig, IntrospectionConfig, KeysConfig, LimitsConfig, ListenConfig, LogConfig,
    MetricsConfig, MtlsConfig, RatesConfig, RegistrationConfig, SealingConfig, TlsConfig,
    TokensConfig,
};

/// The top of the file, then its sections, in the order of the manual.
pub(super) static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    vec![
        Section::of::<Config>(""),
        Section::of::<ListenConfig>("listen"),
        Section::of::<TlsConfig>("tls"),
        Section::of::<MtlsConfig>("mtls"),
        Section::of::<AdminConfig>("admin"),
        Section::of::<DataConfig>("data"),
        Section::of::<DatabaseConfig>("database"),
        Section::of::<SealingConfig>("sealing"),
        Section::of::<TokensConfig>("tokens"),
        Section::of::<KeysConfig>("keys"),
        Section::of::<IntrospectionConfig>("introspection"),
        Section::of::<ClientAuthenticationConfig>("client_authentication"),
        Section::of::<DpopConfig>("dpop"),
        Section::of::<RegistrationConfig>("registration"),
        Section::of::<FetchConfig>("fetch"),
        Section::of::<LimitsConfig>("limits"),
        Section::of::<RatesConfig>("rates"),
        Section::of::<LogConfig>("log"),
        Section::of::<MetricsConfig>("metrics"),
    ]
});

/// One `[section]`; the one without a name is the top of the file.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) about: String,
    pub(super) keys: Vec<Key>,
}

/// One key of a section.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) about: String,
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// What holds where the key is left out, if that can be written down.
    pub(super) default: Option<Value>,
    pub(super) example: Option<Value>,
}

/// What a value may be.
pub(super) enum Kind {
    Text,
    Boolean,
    Whole {
        min: u64,
        max: u64,
        seconds: bool,
    },
    OneOf(Vec<String>),
    List(Box<Kind>),
    /// `[[...]]`: any number of tables with these keys.
    Tables(Vec<Key>),
}

impl Section {
    /// Whatever `T` says about itself.
    fn of<T: JsonSchema + DeserializeOwned>(name: &'static str) -> Self {
        let schema = inlined::<T>();
        let keys = field_names::<T>()
            .iter()
            .filter_map(|name| Key::of(name, schema.as_value()))
            .collect();
        Self {
            name,
            about: about(schema.as_value()),
            keys,
        }
    }

    pub(super) fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    /// What the schema of a table says about one of its keys; none if that is a
    /// section.
    fn of(name: &'static str, table: &Value) -> Option<Self> {
        let schema = table.get("properties")?.get(name)?;
        let required = table.get("required").and_then(Value::as_array);
        Some(Self {
            name,
            about: about(schema),
            kind: Kind::of(schema)?,
            required: required.is_some_and(|names| names.iter().any(|own| own == name)),
            default: schema
                .get("default")
                .filter(|value| !value.is_null())
                .cloned(),
            example: schema.get("examples").and_then(|all| all.get(0)).cloned(),
        })
    }
}

impl Kind {
    /// The kind a schema describes; none for a table, which is a section.
    fn of(schema: &Value) -> Option<Self> {
        if let Some(names) = schema.get("enum").and_then(Value::as_array) {
            return Some(Self::OneOf(
                names
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            ));
        }
        // An optional value is `["string", "null"]`; TOML has no null.
        let kind = schema.get("type")?;
        match kind.as_str().or_else(|| kind.get(0)?.as_str())? {
            "string" => Some(Self::Text),
            "boolean" => Some(Self::Boolean),
            "integer" => Some(Self::Whole {
                min: schema.get("minimum")?.as_u64()?,
                max: schema.get("maximum")?.as_u64()?,
                seconds: schema
                    .get("format")
                    .is_some_and(|format| format == "seconds"),
            }),
            "array" => {
                let items = schema.get("items")?;
                Some(match items.get("type").and_then(Value::as_str) {
                    Some("object") => Self::Tables(keys_of_table(items)),
                    _ => Self::List(Box::new(Self::of(items)?)),
                })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text in quotes"),
            Self::Boolean => f.write_str("true or false"),
            Self::Whole {
                min,
                max,
                seconds: false,
            } => write!(f, "a whole number from {min} to {max}"),
            Self::Whole {
                min,
                max,
                seconds: true,
            } => write!(f, "whole seconds from {min} to {max}"),
            Self::OneOf(names) => {
                f.write_str("one of ")?;
                for (index, name) in names.iter().enumerate() {
                    write!(f, "{}\"{name}\"", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::List(kind) => write!(f, "a list in brackets, each entry {kind}"),
            Self::Tables(keys) => {
                f.write_str("tables, each with ")?;
                for (index, key) in keys.iter().enumerate() {
                    write!(f, "{}`{}`", if index == 0 { "" } else { ", " }, key.name)?;
                }
                Ok(())
            }
        }
    }
}

fn inlined<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<T>()
}

/// The keys of a table within a list. Made once, for [`SECTIONS`], so that their
/// names may stay for good.
fn keys_of_table(schema: &Value) -> Vec<Key> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flat_map(|properties| properties.keys())
        .filter_map(|name| Key::of(name.clone().leak(), schema))
        .collect()
}

fn about(schema: &Value) -> String {
    schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The names of a struct's fields as they were written, in that order; the
/// schema has them too, but sorted.
fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    match T::deserialize(Names) {
        Err(Caught(names)) => names,
        Ok(_) => &[],
    }
}

/// Reads nothing: it is told which fields a struct would want, and gives up.
struct Names;

#[derive(Debug, thiserror::Error)]
#[error("fields: {0:?}")]
struct Caught(&'static [&'static str]);

impl de::Error for Caught {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }
}

impl<'de> de::Deserializer<'de> for Names {
    type Error = Caught;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Caught> {
        Err(Caught(fields))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Caught> {
        Err(Caught(&[]))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_every_struct_is_a_key_or_a_section_and_has_a_text() {
        let top = field_names::<Config>();
        for name in top {
            let known = SECTIONS[0].key(name).is_some()
                || SECTIONS.iter().any(|section| section.name == *name);
            assert!(known, "{name}");
        }
        let fields = [
            field_names::<ListenConfig>(),
            field_names::<TlsConfig>(),
            field_names::<MtlsConfig>(),
            field_names::<AdminConfig>(),
            field_names::<DataConfig>(),
            field_names::<DatabaseConfig>(),
            field_names::<SealingConfig>(),
            field_names::<TokensConfig>(),
            field_names::<KeysConfig>(),
            field_names::<IntrospectionConfig>(),
            field_names::<ClientAuthenticationConfig>(),
            field_names::<DpopConfig>(),
            field_names::<RegistrationConfig>(),
            field_names::<FetchConfig>(),
            field_names::<LimitsConfig>(),
            field_names::<RatesConfig>(),
            field_names::<LogConfig>(),
            field_names::<MetricsConfig>(),
        ];
        assert_eq!(SECTIONS.len(), 1 + fields.len());
        assert_eq!(top.len(), SECTIONS[0].keys.len() + fields.len());
        for (section, fields) in SECTIONS[1..].iter().zip(fields) {
            let names: Vec<_> = section.keys.iter().map(|key| key.name).collect();
            assert_eq!(names, fields, "[{}]", section.name);
            assert!(!section.about.is_empty(), "[{}]", section.name);
        }
        for key in SECTIONS.iter().flat_map(|section| &section.keys) {
            assert!(!key.about.is_empty(), "{}", key.name);
            if let Kind::Tables(keys) = &key.kind {
                assert!(keys.iter().all(|key| !key.about.is_empty()), "{}", key.name);
            }
            assert!(
                key.default.is_some() || key.example.is_some(),
                "{}",
                key.name
            );
        }
    }
}
