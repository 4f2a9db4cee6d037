//! The rows. Times are whole microseconds since 1970 UTC, dates `YYYY-MM-DD`, money fen.

/// A settlement or reversal; never changed after it is written.
pub mod settlement {
    use sea_orm::entity::prelude::*;

    /// A row of `settlements`.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "settlements")]
    pub struct Model {
        /// 统筹区 of the person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 人员编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        /// 结算ID; ids grow with time.
        #[sea_orm(primary_key, auto_increment = false)]
        pub setl_id: String,
        /// 定点医药机构编号
        pub fixmedins_code: String,
        /// 医疗类别
        pub med_type: String,
        /// Last day of the visit.
        pub enddate: String,
        /// In a reversal the setl_id it reverses; otherwise empty.
        pub reverses_setl_id: String,
        /// When it was settled.
        pub setl_time_us: i64,
        /// 医疗费总额
        pub medfee_sumamt_fen: i64,
        /// 基金支付总额
        pub fund_pay_sumamt_fen: i64,
        /// 个人负担总金额
        pub psn_part_amt_fen: i64,
        /// Policy that decided.
        pub policy_id: String,
        /// Its version.
        pub policy_version: String,
        /// The recorded case, JSON: what the calculation read. Empty in a reversal.
        pub case_json: String,
        /// The whole answer, encoded `yizhan.settlement.v1.Settlement`.
        pub answer: Vec<u8>,
    }

    /// None: services do not join.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A mutation that was handled, for answering its retries.
pub mod request {
    use sea_orm::entity::prelude::*;

    /// A row of `requests`.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "requests")]
    pub struct Model {
        /// Whose id it is: the institution, or the caller of an administrative call.
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        /// SHA-256 of the request, hex.
        pub digest: String,
        /// 统筹区 of the settlement it made; empty for administrative calls.
        pub poolarea_no: String,
        /// 人员编号 of it.
        pub psn_no: String,
        /// The settlement it made.
        pub setl_id: String,
        /// The answer, where it is not a settlement.
        pub answer: Vec<u8>,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A ledger posting; append-only.
pub mod posting {
    use sea_orm::entity::prelude::*;

    /// A row of `postings`.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "postings")]
    pub struct Model {
        /// 统筹区 of the person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 人员编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        /// The settlement or deposit it belongs to.
        #[sea_orm(primary_key, auto_increment = false)]
        pub setl_id: String,
        /// Its place there.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        /// The account.
        pub account: String,
        /// Positive: owed to the account.
        pub amount_fen: i64,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a person's settlements of a policy year add up to, guarded by a version.
pub mod accumulated {
    use sea_orm::entity::prelude::*;

    /// A row of `accumulated`.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "accumulated")]
    pub struct Model {
        /// 统筹区 of the person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 人员编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        /// First day of the policy year.
        #[sea_orm(primary_key, auto_increment = false)]
        pub policy_year: String,
        /// Goes up by one with every settlement of the year.
        pub version: i64,
        /// Totals by name, a JSON object of whole numbers.
        pub totals: String,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A personal account (个人账户), guarded by a version.
pub mod account {
    use sea_orm::entity::prelude::*;

    /// A row of `accounts`.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "accounts")]
    pub struct Model {
        /// 统筹区 of the person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 人员编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        /// Goes up by one with every change.
        pub version: i64,
        /// Balance.
        pub balance_fen: i64,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 定点医药机构.
pub mod institution {
    use sea_orm::entity::prelude::*;

    /// A row of `institutions`.
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
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The catalogue, dated, by area.
pub mod catalogue_item {
    use sea_orm::entity::prelude::*;

    /// A row of `catalogue_items`.
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

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

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
