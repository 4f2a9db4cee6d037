//! Balanced postings: the institution is owed the bill, and every payer is charged its share.

use yizhan_proto::settlement::v1::Posting;

/// Who pays what, as a settlement (or, negative, a reversal) says.
pub struct Shares<'s> {
    /// 定点医药机构编号
    pub fixmedins_code: &'s str,
    /// 人员编号
    pub psn_no: &'s str,
    /// Relative whose account helped.
    pub mulaid_psn_no: &'s str,
    /// 医疗费总额
    pub total_fen: i64,
    /// Fund code and share, the hospital's not among them.
    pub funds: Vec<(&'s str, i64)>,
    /// 医院负担
    pub hospital_fen: i64,
    /// Own account.
    pub account_fen: i64,
    /// The relative's account.
    pub shared_fen: i64,
    /// Cash.
    pub cash_fen: i64,
    /// Fund code and lump sum paid beside the bill.
    pub beside: Vec<(&'s str, i64)>,
}

/// The postings; zero amounts are left out, and the sum is zero.
pub fn postings(shares: &Shares<'_>) -> Vec<Posting> {
    let code = shares.fixmedins_code;
    let mut all = vec![(format!("institution/{code}"), shares.total_fen)];
    all.extend(shares.funds.iter().map(|(fund, fen)| (format!("fund/{fund}"), -fen)));
    all.push((format!("hospital/{code}"), -shares.hospital_fen));
    all.push((account_of(shares.psn_no), -shares.account_fen));
    all.push((account_of(shares.mulaid_psn_no), -shares.shared_fen));
    all.push((format!("cash/{}", shares.psn_no), -shares.cash_fen));
    for (fund, fen) in &shares.beside {
        all.push((format!("fund/{fund}"), -fen));
        all.push((format!("benefit/{}", shares.psn_no), *fen));
    }
    all.retain(|(_, fen)| *fen != 0);
    all.into_iter().map(|(account, amount_fen)| Posting { account, amount_fen }).collect()
}

/// The ledger account of a personal account.
pub fn account_of(psn_no: &str) -> String {
    format!("account/{psn_no}")
}

/// The relative whose personal account helped with a person's bill; empty: none.
pub fn relative_in(postings: &[Posting], psn_no: &str) -> String {
    let own = account_of(psn_no);
    let others = postings.iter().map(|posting| posting.account.as_str()).filter(|account| *account != own);
    others.filter_map(|account| account.strip_prefix("account/")).next().unwrap_or_default().to_owned()
}

/// Postings of a deposit into a personal account.
pub fn deposit(psn_no: &str, amount_fen: i64) -> Vec<Posting> {
    let fund = Posting { account: "fund/310200".to_owned(), amount_fen: -amount_fen };
    vec![fund, Posting { account: account_of(psn_no), amount_fen }]
}
