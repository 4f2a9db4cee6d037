//! The field's dictionaries as types: codes and names of the national medical-insurance
//! interface (国家医保信息平台定点医药机构接口), and the terms that policies are written in.
//!
//! Every type converts from its code (`from_code`) and to it (`code`), and tells its Chinese
//! name (`label`). Codes marked *project-defined* have no national counterpart.

mod area;
mod care;
mod filing;
mod fund;
mod institution;
mod person;
mod text;
mod treatment;

pub use area::{Area, NotAnArea};
pub use care::{AdmissionWay, Care, DischargeWay, DiseaseKind, Filing, ManualReason, MedType};
pub use filing::{FilingKind, FilingMaterial};
pub use fund::{Fund, FundField, Payer};
pub use institution::{ContractStatus, InstitutionType, Tier, is_fixmedins_code};
pub use person::{Insutype, Status, is_psn_no};
pub use text::{find_unseen, is_unseen};
pub use treatment::Treatment;

/// Declares an enumeration of the field: variant, code and Chinese name in one place.
macro_rules! dictionary {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal, $label:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $(#[doc = $label] $(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every value, in the order of the dictionary.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The code, as it stands in messages and policy documents.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }

            /// The Chinese name.
            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $label,)+ }
            }

            /// The value with this code, if there is one.
            pub fn from_code(code: &str) -> Option<$name> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.code())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let code = String::deserialize(from)?;
                $name::from_code(&code).ok_or_else(|| serde::de::Error::custom(format!(
                    "unknown {} `{code}`, expected one of: {}", stringify!($name),
                    $name::ALL.iter().map(|value| value.code()).collect::<Vec<_>>().join(", "))))
            }
        }
    };
}
pub(crate) use dictionary;
