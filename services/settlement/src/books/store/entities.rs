//! The rows. Times are whole microseconds since 1970 UTC, dates `YYYY-MM-DD`, money fen.

/// A settlement or reversal; never changed after it is written.
pub mod settlement {
    use sea_orm::entity::prelude::*;

    /// A row of `settlements`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "settlements")]
    pub struct Model {
        /// 统筹区 of the person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 人员编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        /// 结算ID; a person's sort in the order they were committed.
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
        /// 个人账户支出
        pub acct_pay_fen: i64,
        /// 险种类型
        pub insutype: String,
        /// 清算类别
        pub clr_type: String,
        /// 结算类型: 1 中心报销 (by hand), empty 联网结算.
        pub setl_type: String,
        /// Policy that decided.
        pub policy_id: String,
        /// Its version.
        pub policy_version: String,
        /// The recorded case, JSON: what the calculation read. Empty in a reversal.
        pub case_json: String,
        /// The whole answer, encoded `yizhan.settlement.v1.Settlement`.
        pub answer: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A mutation that was handled, for answering its retries.
pub mod request {
    use sea_orm::entity::prelude::*;

    /// A row of `requests`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "requests")]
    pub struct Model {
        /// Whose id it is: the institution, or the caller of a deposit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        /// SHA-256 of the request, hex.
        pub digest: String,
        /// 统筹区 of what it made.
        pub poolarea_no: String,
        /// 人员编号 of it.
        pub psn_no: String,
        /// The settlement it made.
        pub setl_id: String,
        /// The answer, where it is not a settlement.
        pub answer: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is posted together in the books of an area; append-only. The view `postings` has a row for each posting.
pub mod journal {
    use sea_orm::entity::prelude::*;

    /// A row of `journal`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "journal")]
    pub struct Model {
        /// 统筹区 in whose books it stands: of the person, or of a relative whose account helps.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 人员编号 of the person who was settled for.
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        /// The settlement, opening or booking it belongs to.
        #[sea_orm(primary_key, auto_increment = false)]
        pub setl_id: String,
        /// The postings, JSON, see [`Line`](crate::books::store::journal::Line).
        pub lines: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a person's settlements of a policy year add up to, guarded by a version.
pub mod accumulated {
    use sea_orm::entity::prelude::*;
    use yizhan_policy::case::Accumulated;

    /// A row of `accumulated`.
    #[sea_orm::model]
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

    impl Model {
        /// The totals, read.
        pub fn totals(&self) -> Result<Accumulated, DbErr> {
            read(&self.totals)
        }
    }

    /// Totals as they are stored, read.
    pub fn read(totals: &str) -> Result<Accumulated, DbErr> {
        serde_json::from_str(totals).map_err(|error| DbErr::Type(format!("accumulated.totals: {error}")))
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was booked on a personal account beside settlements, guarded by a version.
pub mod account_booking {
    use sea_orm::entity::prelude::*;

    /// A row of `account_bookings`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_bookings")]
    pub struct Model {
        /// 统筹区 that keeps the account.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 人员编号 of the owner.
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        /// Its name; its postings have it as `setl_id`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub booking_id: String,
        /// 1; 2 once it was cancelled.
        pub version: i64,
        /// What it was, the contract's number.
        pub kind: i32,
        /// Into the account; negative: from it.
        pub amount_fen: i64,
        /// 人员编号 whose contribution was paid; empty for a deposit.
        pub for_psn_no: String,
        /// 统筹区 it was paid to, or that the balance went to or came from; empty for a deposit.
        pub for_poolarea_no: String,
        /// Coverage year of the contribution; empty for a deposit.
        pub accrym: String,
        /// When.
        pub booked_at_us: i64,
        /// What its cancellation was booked under; empty while it stands.
        pub cancelled_by: String,
        /// The transfer by which the balance went from one area to another, `for_poolarea_no`; empty for any other booking.
        pub transfer_id: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A personal account (个人账户), guarded by a version.
pub mod account {
    use sea_orm::entity::prelude::*;

    /// A row of `accounts`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, serde::Deserialize)]
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
        /// 统筹区 that keeps the account since a transfer (关系转移接续); empty while it is kept here.
        pub moved_to: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// An opening, an adjustment, or what took one back; append-only.
pub mod opening {
    use sea_orm::entity::prelude::*;

    /// A row of `openings`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "openings")]
    pub struct Model {
        /// 统筹区 that keeps the books.
        #[sea_orm(primary_key, auto_increment = false)]
        pub poolarea_no: String,
        /// 人员编号
        #[sea_orm(primary_key, auto_increment = false)]
        pub psn_no: String,
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub opening_id: String,
        /// Of what takes one back, its id; otherwise empty.
        pub cancels_opening_id: String,
        /// The whole of it, encoded `yizhan.settlement.v1.Opening`.
        pub opening: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// 药品追溯码 and where they stand, guarded by a version.
pub mod trace_code {
    use sea_orm::entity::prelude::*;

    /// A row of `trace_codes`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "trace_codes")]
    pub struct Model {
        /// 药品追溯码
        #[sea_orm(primary_key, auto_increment = false)]
        pub drug_trac_codg: String,
        /// Goes up by one with every settlement and reversal that has it.
        pub version: i64,
        /// The lines it stands on, JSON: [`Use`](crate::books::domain::trace_codes::Use).
        pub uses: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is paid for once and stands: written with the settlement, and gone with its reversal.
///
/// Its key is what decides, in the transaction of the settlement: of two at once one is written. To add a kind of thing (a trace
/// code, a bill paid by hand), give it a [`Kind`](crate::books::domain::claims::Kind) and have
/// [`claims_of`](crate::books::messages::claims::claims_of) make its rows of the answer; settling, reversing and `CheckBooks` follow, the
/// refusal is made in `settlements/standing.rs`. What is no settlement puts its rows into [`Change::claims`](super::commit::Change) by
/// itself. Lines, of which a bill has many, are in [`claimed_line`].
pub mod claim {
    use sea_orm::entity::prelude::*;

    /// A row of `claims`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, serde::Deserialize)]
    #[sea_orm(table_name = "claims")]
    pub struct Model {
        /// Code of its kind.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        /// Whose numbers these are: the institution.
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        /// The number there: mdtrt_id of a visit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: String,
        /// What holds it: the setl_id.
        pub held_by: String,
        /// 统筹区 that paid.
        pub poolarea_no: String,
        /// 人员编号 of a visit, by which visits are compared in time; empty in all other kinds, as is what follows.
        pub psn_no: String,
        /// 医疗类别 of a visit.
        pub med_type: String,
        /// Its first day.
        pub begndate: String,
        /// Its last day.
        pub enddate: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Lines of bills that are paid for and stand, up to eleven in a row, see [`tens`](crate::books::domain::claims::tens). Two settlements
/// may have lines in one row, but never the same.
pub mod claimed_line {
    use sea_orm::entity::prelude::*;

    /// A row of `claimed_lines`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "claimed_lines")]
    pub struct Model {
        /// The institution whose numbers these are.
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        /// What is in front of the last digit of feedetl_sn.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ten: String,
        /// Last digits that are claimed, as bits.
        pub digits: i64,
        /// By whom, see [`holding`](crate::books::domain::claims::holding).
        pub held_by: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
