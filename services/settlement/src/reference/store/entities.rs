//! The rows of institutions and the catalogue. Dates are `YYYY-MM-DD`, prices decimal yuan.

/// 定点医药机构.
pub mod institution {
    use sea_orm::entity::prelude::*;

    /// A row of `institutions`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "institutions")]
    pub struct Model {
        /// 定点医药机构编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub fixmedins_code: String,
        /// Name.
        pub fixmedins_name: String,
        /// Level as policies distinguish it.
        pub level: String,
        /// 医保区划
        pub admdvs: String,
        /// 定点医药机构类型
        pub fixmedins_type: String,
        /// 特约
        pub contracted: bool,
        /// 双通道 pharmacy.
        #[sea_orm(default_value = false)]
        pub dual_channel: bool,
        /// The statuses that stand of `contract_status`, JSON: read with the institution.
        #[sea_orm(default_value = "[]")]
        pub contract: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// 医保协议 of institutions and departments: who recorded which status, and who withdrew it. Times are whole microseconds since 1970 UTC.
pub mod contract_status {
    use sea_orm::entity::prelude::*;

    /// A row of `contract_status`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "contract_status")]
    pub struct Model {
        /// 定点医药机构编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub fixmedins_code: String,
        /// Its id; those of an institution sort in the order they were recorded.
        #[sea_orm(primary_key, auto_increment = false)]
        pub status_id: String,
        /// 开单科室编码; empty: the institution.
        pub bilg_dept_codg: String,
        /// signed, suspended or ended.
        pub status: String,
        /// First day.
        pub begndate: String,
        /// Last day; empty: until another begins.
        pub enddate: String,
        /// Why.
        pub reason: String,
        /// The document it rests on.
        pub basis: String,
        /// Who recorded it.
        pub recorded_by: String,
        /// When.
        pub recorded_at_us: i64,
        /// When it was withdrawn.
        pub withdrawn_at_us: Option<i64>,
        /// Who withdrew it.
        pub withdrawn_by: Option<String>,
        /// Why.
        pub withdrawn_reason: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The catalogue, dated, by area.
pub mod catalogue_item {
    use sea_orm::entity::prelude::*;

    /// A row of `catalogue_items`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "catalogue_items")]
    pub struct Model {
        /// 医保目录编码
        #[sea_orm(primary_key, auto_increment = false)]
        pub hilist_code: String,
        /// Area it holds in.
        #[sea_orm(primary_key, auto_increment = false)]
        pub admdvs: String,
        /// Level of institution it holds for; empty: all.
        #[sea_orm(primary_key, auto_increment = false)]
        pub level: String,
        /// First day.
        #[sea_orm(primary_key, auto_increment = false)]
        pub begndate: String,
        /// Last day; empty: open.
        pub enddate: String,
        /// Name.
        pub name: String,
        /// 目录类别
        pub list_type: String,
        /// 收费项目等级; empty: not published.
        pub chrgitm_lv: String,
        /// 定价上限 in yuan; empty: none.
        pub pric_uplmt_amt: String,
        /// 先行自付比例; empty: by class.
        pub selfpay_prop: String,
        /// Marks, a JSON array.
        pub labels: String,
        /// Where it was published.
        pub source: String,
        /// How sure its class is.
        pub confidence: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which version of institutions and catalogue the database holds: one row.
pub mod reference_version {
    use sea_orm::entity::prelude::*;

    /// The row of `reference_version`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "reference_version")]
    pub struct Model {
        /// Goes up by one with every import, in its transaction.
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
