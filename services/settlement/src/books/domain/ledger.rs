//! Balanced postings: the institution is owed the bill, and every payer is charged its share. They balance in the books of each area.

use std::collections::BTreeMap;

use yizhan_money::Fen;
use yizhan_policy::outcome::Outcome;
use yizhan_terms::{Fund, Payer};

/// 结算类型 of what was paid by hand (docs/CODES.md, setl_type).
pub const MANUAL: &str = "1";

/// The ledger account of what is owed to a person for reimbursements.
pub const REIMBURSEMENT: &str = "reimbursement";

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// 统筹区 in whose books it stands; empty: in those of the settlement's own.
    pub poolarea_no: String,
    /// The ledger account: what it is, and whose.
    pub account: String,
    /// Positive: owed to the account.
    pub amount: Fen,
}

impl Posting {
    /// An amount on an account in the settlement's own books.
    pub fn new(kind: &str, whose: &str, amount: Fen) -> Posting {
        Posting { poolarea_no: String::new(), account: format!("{kind}/{whose}"), amount }
    }

    /// The same in another area's books.
    pub fn in_books_of(self, poolarea_no: &str) -> Posting {
        Posting { poolarea_no: poolarea_no.to_owned(), ..self }
    }

    /// Whose personal account it is on, where it is on one.
    pub fn personal_account(&self) -> Option<&str> {
        self.account.strip_prefix("account/")
    }

    /// In whose books it stands, of a settlement of `own` area.
    pub fn books<'p>(&'p self, own: &'p str) -> &'p str {
        if self.poolarea_no.is_empty() { own } else { &self.poolarea_no }
    }
}

/// Somebody's personal account, and the area that keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountOf<'p> {
    /// 统筹区 that keeps the account.
    pub poolarea_no: &'p str,
    /// 人员编号 of the owner.
    pub psn_no: &'p str,
}

/// Whose accounts a settlement is booked on.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'p> {
    /// 定点医药机构编号
    pub fixmedins_code: &'p str,
    /// 统筹区 that settles.
    pub poolarea_no: &'p str,
    /// 人员编号
    pub psn_no: &'p str,
    /// The relative's account that helps (家庭共济).
    pub relative: Option<AccountOf<'p>>,
}

/// The postings of a settlement; zero amounts are left out, and the sum is zero.
pub fn postings(parties: Parties<'_>, outcome: &Outcome<'_>) -> Vec<Posting> {
    let Parties { fixmedins_code, poolarea_no, psn_no, relative } = parties;
    let funds = |beside_bill: bool| {
        let layers = outcome.layers.iter();
        layers.filter(move |layer| layer.beside_bill == beside_bill && layer.payer != Payer::Hospital)
    };
    let mut all = vec![Posting::new("institution", fixmedins_code, outcome.parts.total_fen)];
    all.extend(funds(false).map(|layer| Posting::new("fund", layer.fund_pay_type.code(), -layer.paid_fen)));
    all.push(Posting::new("hospital", fixmedins_code, -outcome.hospital_fen));
    all.push(Posting::new("account", psn_no, -outcome.account_own_fen));
    all.extend(
        relative
            .map(|account| taken_from(account, poolarea_no, outcome.account_shared_fen))
            .into_iter()
            .flatten(),
    );
    all.push(Posting::new("cash", psn_no, -outcome.cash_fen));
    for layer in funds(true) {
        all.push(Posting::new("fund", layer.fund_pay_type.code(), -layer.paid_fen));
        all.push(Posting::new("benefit", psn_no, layer.paid_fen));
    }
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

/// What is withheld from an institution (拒付): what the funds pay it is held back until its case is decided.
pub fn withheld(fixmedins_code: &str, amount: Fen) -> Vec<Posting> {
    let mut all = vec![
        Posting::new("institution", fixmedins_code, -amount),
        Posting::new("withheld", fixmedins_code, amount),
    ];
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

/// What is taken from an account for the books of an area. Where another area keeps the account, it is taken there and owed to the area
/// that spends it (跨区清算): the books of both balance by themselves.
pub fn taken_from(account: AccountOf<'_>, spent_in: &str, amount: Fen) -> Vec<Posting> {
    let taken = Posting::new("account", account.psn_no, -amount);
    if account.poolarea_no == spent_in {
        return vec![taken];
    }
    let (owner_books, owed) = (account.poolarea_no, Posting::new("clearing", spent_in, amount));
    vec![
        Posting::new("clearing", owner_books, -amount),
        taken.in_books_of(owner_books),
        owed.in_books_of(owner_books),
    ]
}

/// The postings of a balance that goes from the books of an account's area to those of another.
pub fn moved(account: AccountOf<'_>, to: &str, amount: Fen) -> Vec<Posting> {
    let mut all = taken_from(account, to, amount);
    all.push(Posting::new("account", account.psn_no, amount).in_books_of(to));
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

/// Where accounts are kept that moved: by the area that kept them, and whose they are.
pub type KeptNow = BTreeMap<(String, String), String>;

/// What is booked in the books of `own` area, with accounts that moved: where they are kept now, cleared between the areas.
pub fn where_kept(postings: Vec<Posting>, own: &str, kept: &KeptNow) -> Vec<Posting> {
    let mut all = Vec::with_capacity(postings.len());
    for posting in postings {
        let books = posting.books(own).to_owned();
        let whose = posting.personal_account().unwrap_or_default().to_owned();
        let Some(now) = kept.get(&(books.clone(), whose)) else {
            all.push(posting);
            continue;
        };
        let clearing = |whose: &str, amount| Posting::new("clearing", whose, amount);
        all.extend([
            clearing(now, posting.amount).in_books_of(&books),
            Posting { poolarea_no: now.clone(), ..posting.clone() },
            clearing(&books, -posting.amount).in_books_of(now),
        ]);
    }
    // What stands in one's own books names no area.
    let named = |posting: Posting| match posting.poolarea_no == own {
        true => Posting { poolarea_no: String::new(), ..posting },
        false => posting,
    };
    all.into_iter().map(named).collect()
}

/// The postings of a deposit into a personal account.
pub fn deposit(psn_no: &str, amount: Fen) -> Vec<Posting> {
    vec![Posting::new("fund", Fund::Account.code(), -amount), Posting::new("account", psn_no, amount)]
}

/// The postings of a contribution to a scheme that an account pays, in the books of the area it is paid to.
pub fn contribution(account: AccountOf<'_>, paid_to: &str, insutype: &str, amount: Fen) -> Vec<Posting> {
    let mut all = vec![Posting::new("contribution", insutype, amount)];
    all.extend(taken_from(account, paid_to, amount));
    all
}

/// The same with every amount negative.
pub fn negated(postings: Vec<Posting>) -> Vec<Posting> {
    postings.into_iter().map(|posting| Posting { amount: -posting.amount, ..posting }).collect()
}

/// The postings of a visit that the person paid and the funds paid back: what they pay is owed to the person.
pub fn manual_payment(psn_no: &str, funds: &[(Fund, Fen)]) -> Vec<Posting> {
    let paid: Fen = funds.iter().map(|(_, amount)| *amount).sum();
    let mut all = of_funds(funds);
    all.push(Posting::new("benefit", psn_no, paid));
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

/// The postings of a visit that the person paid and the engine settled: what the funds pay of the bill is owed to the person until it is paid out;
/// what is paid beside the bill is a benefit as of any settlement.
pub fn reimbursement(psn_no: &str, outcome: &Outcome<'_>) -> Vec<Posting> {
    let layers = outcome.layers.iter().filter(|layer| layer.payer != Payer::Hospital);
    let mut all: Vec<Posting> = layers
        .clone()
        .map(|layer| Posting::new("fund", layer.fund_pay_type.code(), -layer.paid_fen))
        .collect();
    all.push(Posting::new(REIMBURSEMENT, psn_no, outcome.fund_pay_fen));
    let beside = layers.filter(|layer| layer.beside_bill);
    all.extend(beside.map(|layer| Posting::new("benefit", psn_no, layer.paid_fen)));
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

/// The postings of what is paid out to a person of what is owed for a reimbursement; below zero: of what comes back.
pub fn payout(poolarea_no: &str, psn_no: &str, amount: Fen) -> Vec<Posting> {
    vec![Posting::new(REIMBURSEMENT, psn_no, -amount), Posting::new("payout", poolarea_no, amount)]
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

/// The relative whose personal account helped with a person's bill that was settled in an area.
pub fn relative_in<'p>(postings: &'p [Posting], psn_no: &str, poolarea_no: &'p str) -> Option<AccountOf<'p>> {
    postings.iter().find_map(|posting| {
        let whose = posting.personal_account().filter(|whose| *whose != psn_no)?;
        Some(AccountOf { poolarea_no: posting.books(poolarea_no), psn_no: whose })
    })
}

/// The person's own account, where a bill that was settled in an area was booked on it.
pub fn account_in<'p>(
    postings: &'p [Posting],
    psn_no: &'p str,
    poolarea_no: &'p str,
) -> Option<AccountOf<'p>> {
    let own = postings.iter().find(|posting| posting.personal_account() == Some(psn_no))?;
    Some(AccountOf { poolarea_no: own.books(poolarea_no), psn_no })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(postings: &[Posting], own: &str) -> BTreeMap<String, Fen> {
        let mut sums = BTreeMap::new();
        for posting in postings {
            let sum = sums.entry(posting.books(own).to_owned()).or_insert(Fen::ZERO);
            *sum = Fen(sum.0 + posting.amount.0);
        }
        sums
    }

    #[test]
    fn what_goes_back_follows_an_account_that_moved() {
        let told = |postings: &[Posting]| -> Vec<String> {
            postings.iter().map(|p| format!("{} {} {}", p.poolarea_no, p.account, p.amount.0)).collect()
        };
        let account = AccountOf { poolarea_no: "430200", psn_no: "P1" };
        let moved = moved(account, "360100", Fen(500));
        assert!(sums(&moved, "360100").values().all(|sum| *sum == Fen::ZERO), "{moved:?}");
        let taken = vec![Posting::new("institution", "H", Fen(70)), Posting::new("account", "P1", Fen(-70))];
        let kept = KeptNow::from([(("430200".to_owned(), "P1".to_owned()), "360100".to_owned())]);
        let back = where_kept(negated(taken.clone()), "430200", &kept);
        let expected = [
            " institution/H -70",
            " clearing/360100 70",
            "360100 account/P1 70",
            "360100 clearing/430200 -70",
        ];
        assert_eq!(told(&back), expected);
        assert_eq!(where_kept(negated(taken.clone()), "430200", &KeptNow::new()), negated(taken));
        // A relative's account of another area that is kept by the patient's area now.
        let relative = AccountOf { poolarea_no: "430100", psn_no: "R" };
        let kept = KeptNow::from([(("430100".to_owned(), "R".to_owned()), "430200".to_owned())]);
        let back = where_kept(negated(taken_from(relative, "430200", Fen(70))), "430200", &kept);
        assert!(back.contains(&Posting::new("account", "R", Fen(70))), "{back:?}");
        assert_eq!(sums(&back, "430200").into_values().collect::<Vec<_>>(), [Fen::ZERO, Fen(70)]);
    }
}
