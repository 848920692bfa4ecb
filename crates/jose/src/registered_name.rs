//! Enums whose values have names in the registries of JOSE.

/// Gives a type that has `ALL` and `name()` its way from and to text and JSON. Names are compared with case
/// (RFC 7515 section 4.1.1, RFC 7516 sections 4.1.1 and 4.1.2), and what is not a name is `$unknown`.
macro_rules! registered_names {
    ($type:ty, $unknown:ident) => {
        impl std::str::FromStr for $type {
            type Err = $unknown;

            fn from_str(name: &str) -> Result<Self, $unknown> {
                Self::ALL
                    .into_iter()
                    .find(|value| value.name() == name)
                    .ok_or($unknown)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use registered_names;
