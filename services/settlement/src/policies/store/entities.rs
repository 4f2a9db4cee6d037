//! The rows of published policies.

/// Published policies; never changed after they are written.
pub mod policy {
    use sea_orm::entity::prelude::*;

    /// A row of `policies`.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "policies")]
    pub struct Model {
        /// Name of the policy.
        #[sea_orm(primary_key, auto_increment = false)]
        pub policy_id: String,
        /// Version.
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: String,
        /// Order of publication of this policy: the highest is in use.
        pub ordinal: i64,
        /// SHA-256 of the document, hex.
        pub digest: String,
        /// The YAML document.
        pub document: String,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
