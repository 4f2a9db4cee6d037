//! Balanced postings: the institution is owed the bill, and every payer is charged its share.

use yizhan_money::Fen;
use yizhan_policy::outcome::Outcome;
use yizhan_terms::{Fund, Payer};

/// 结算类型 of what was paid by hand (docs/CODES.md, setl_type).
pub const MANUAL: &str = "1";

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The ledger account: what it is, and whose.
    pub account: String,
    /// Positive: owed to the account.
    pub amount: Fen,
}

impl Posting {
    /// An amount on an account.
    pub fn new(kind: &str, whose: &str, amount: Fen) -> Posting {
        Posting { account: format!("{kind}/{whose}"), amount }
    }

    /// Whose personal account it is on, where it is on one.
    pub fn personal_account(&self) -> Option<&str> {
        self.account.strip_prefix("account/")
    }
}

/// Whose accounts a settlement is booked on.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'p> {
    /// 定点医药机构编号
    pub fixmedins_code: &'p str,
    /// 人员编号
    pub psn_no: &'p str,
    /// Relative whose account helped; empty: none.
    pub mulaid_psn_no: &'p str,
}

/// The postings of a settlement; zero amounts are left out, and the sum is zero.
pub fn postings(parties: Parties<'_>, outcome: &Outcome<'_>) -> Vec<Posting> {
    let Parties { fixmedins_code, psn_no, mulaid_psn_no } = parties;
    let funds = |beside_bill: bool| {
        let layers = outcome.layers.iter();
        layers.filter(move |layer| layer.beside_bill == beside_bill && layer.payer != Payer::Hospital)
    };
    let mut all = vec![Posting::new("institution", fixmedins_code, outcome.parts.total_fen)];
    all.extend(funds(false).map(|layer| Posting::new("fund", layer.fund_pay_type.code(), -layer.paid_fen)));
    all.push(Posting::new("hospital", fixmedins_code, -outcome.hospital_fen));
    all.push(Posting::new("account", psn_no, -outcome.account_own_fen));
    all.push(Posting::new("account", mulaid_psn_no, -outcome.account_shared_fen));
    all.push(Posting::new("cash", psn_no, -outcome.cash_fen));
    for layer in funds(true) {
        all.push(Posting::new("fund", layer.fund_pay_type.code(), -layer.paid_fen));
        all.push(Posting::new("benefit", psn_no, layer.paid_fen));
    }
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

/// The postings of a deposit into a personal account.
pub fn deposit(psn_no: &str, amount: Fen) -> Vec<Posting> {
    vec![Posting::new("fund", Fund::Account.code(), -amount), Posting::new("account", psn_no, amount)]
}

/// The postings of a visit that the person paid and the funds paid back: what they pay is owed to the person.
pub fn manual_payment(psn_no: &str, funds: &[(Fund, Fen)]) -> Vec<Posting> {
    let paid: Fen = funds.iter().map(|(_, amount)| *amount).sum();
    let mut all = of_funds(funds);
    all.push(Posting::new("benefit", psn_no, paid));
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

/// The postings of an opening: what funds have paid, and what is in the account, against the opening of the area's books.
pub fn opening(poolarea_no: &str, psn_no: &str, funds: &[(Fund, Fen)], account: Fen) -> Vec<Posting> {
    let paid: Fen = funds.iter().map(|(_, amount)| *amount).sum();
    let mut all = of_funds(funds);
    all.push(Posting::new("account", psn_no, account));
    all.push(Posting::new("opening", poolarea_no, paid - account));
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

fn of_funds(funds: &[(Fund, Fen)]) -> Vec<Posting> {
    funds.iter().map(|(fund, amount)| Posting::new("fund", fund.code(), -*amount)).collect()
}

/// The relative whose personal account helped with a person's bill; empty: none.
pub fn relative_in<'p>(postings: &'p [Posting], psn_no: &str) -> &'p str {
    let mut accounts = postings.iter().filter_map(Posting::personal_account);
    accounts.find(|whose| *whose != psn_no).unwrap_or_default()
}
