//! Tables of this room.

/// Plans, selections, lists, checks and items: each one document, with the columns that lists ask for.
pub mod plan_record {
    use sea_orm::entity::prelude::*;

    /// One.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan_record")]
    pub struct Model {
        /// 1 plan, 2 selection, 3 check, 4 item, 5 list.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: i32,
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// Whose it is.
        pub area: String,
        /// What it belongs to.
        pub parent: String,
        /// What it is about.
        pub subject: String,
        /// The day a check covered its subject, or nothing.
        pub day: String,
        /// Where it stands.
        pub state: i32,
        /// Since when it waits, or nothing.
        pub clock_from: String,
        /// How many working days it may.
        pub working_days: i32,
        /// Counts its steps.
        pub version: i32,
        /// As JSON.
        pub record: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Their steps: appended, never changed.
pub mod plan_step {
    use sea_orm::entity::prelude::*;

    /// One.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "plan_step")]
    pub struct Model {
        /// Of what kind.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: i32,
        /// Of which.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// The version since.
        #[sea_orm(primary_key, auto_increment = false)]
        pub step_no: i32,
        /// What was done.
        pub action: String,
        /// The state since.
        pub state: String,
        /// Who, as the caller header says it.
        pub caller: String,
        /// 经办人编号.
        pub opter: String,
        /// Why.
        pub reason: String,
        /// The paper.
        pub file_id: String,
        /// When.
        pub recorded_at: DateTimeUtc,
        /// What it was since, as JSON.
        pub record: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
