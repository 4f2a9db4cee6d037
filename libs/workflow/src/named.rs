//! States and actions as the contract and people at a counter call them.

/// Declares the states or the actions of a workflow: variant, number and name in the contract (without the prefix), and Chinese name in one
/// place.
#[macro_export]
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $number:literal, $code:literal, $label:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $(#[doc = $label] $variant = $number,)+ }

        impl $name {
            /// Every one, in the order of the contract.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// By its number in the contract.
            pub fn of(number: i32) -> Option<$name> {
                $name::ALL.iter().copied().find(|one| one.number() == number)
            }

            /// Its number in the contract.
            pub const fn number(self) -> i32 {
                self as i32
            }

            /// Its name in the contract, without the prefix.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $code,)+ }
            }

            /// Its Chinese name.
            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $label,)+ }
            }
        }
    };
}
