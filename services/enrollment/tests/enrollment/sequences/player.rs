//! What is asked for next, by the roll of dice.

use super::*;

/// Numbers that look random and are the same every time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }

    pub fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.roll(choices.len())].clone()
    }

    pub fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    pub fn day(&mut self) -> String {
        let from = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let day = match self.roll(40) {
            0 => "1900-01-01".parse().unwrap(),
            1 => "2999-12-31".parse().unwrap(),
            2 => "2028-02-29".parse().unwrap(),
            3..16 => NaiveDate::from_ymd_opt(2026, 1 + self.roll(6) as u32, 1).unwrap(),
            _ if self.one_in(3) => from + TimeDelta::days(31 * self.roll(40) as i64),
            _ => from + TimeDelta::days(self.roll(1200) as i64),
        };
        day.to_string()
    }

    pub fn day_after(&mut self, begndate: &str) -> String {
        let first: NaiveDate = begndate.parse().unwrap();
        (first + TimeDelta::days(self.roll(500) as i64)).to_string()
    }
}

/// What is known to the one who rolls.
pub struct Player {
    pub dice: Dice,
    pub psn_nos: Vec<String>,
    pub count: usize,
    pub today: NaiveDate,
}

impl Player {
    pub fn id(&mut self) -> String {
        self.count += 1;
        format!("request-{}", self.count)
    }

    pub fn who(&mut self) -> String {
        let psn_nos = self.psn_nos.clone();
        self.dice.of(&psn_nos)
    }

    pub fn past_day(&mut self) -> String {
        (self.today - TimeDelta::days(self.dice.roll(120) as i64)).to_string()
    }

    pub fn payment(&mut self, psn_no: &str, insutype: &str, near: &str) -> Contribution {
        let accrym = match (insutype, self.dice.one_in(4)) {
            ("390", false) => near[..4].to_owned(),
            ("390", true) => self.dice.of(&["2024", "2025", "2026", "2027"]).to_owned(),
            (_, false) => near[..7].to_owned(),
            (_, true) => self.dice.day()[..7].to_owned(),
        };
        let clct_type = self.dice.of(&["10", "10", "10", "10", "10", "20", "30"]);
        let due = clct_type == "10" && self.dice.one_in(5);
        Contribution {
            psn_no: psn_no.into(),
            insutype: insutype.into(),
            accrym,
            amount_fen: self.dice.of(&[0, 100, 40_000, 10_000_000_000]),
            clct_type: clct_type.into(),
            clct_flag: if due { "0" } else { "1" }.into(),
            paid_date: if due { String::new() } else { self.past_day() },
            ..Default::default()
        }
    }

    pub fn change(&mut self) -> Act {
        let (psn_no, day) = (self.who(), self.dice.day());
        let insutype = self.dice.of(&["310", "390", "310", "390", "380", "510"]);
        let psn_chg_type =
            self.dice.of(&["11", "11", "12", "12", "21", "22", "22", "25", "27", "31", "32", "32"]);
        let begins = ["11", "12"].contains(&psn_chg_type);
        let psn_type = match (psn_chg_type, insutype) {
            ("25", _) => "1201",
            (_, "310") => "1101",
            _ => self.dice.of(&["15", "15", "1201"]),
        };
        let payment = (begins && !self.dice.one_in(4)).then(|| {
            let clct_type = "10".to_owned();
            let told = self.payment(&psn_no, insutype, &day);
            let paid_date = self.past_day();
            Contribution { clct_type, clct_flag: "1".into(), paid_date, ..told }
        });
        let other = if insutype == "310" { "390" } else { "310" };
        let switch_from = if begins && self.dice.one_in(3) { other } else { "" };
        Act::Change(ChangeCoverageRequest {
            request_id: self.id(),
            psn_no,
            insutype: insutype.into(),
            psn_chg_type: psn_chg_type.into(),
            chg_date: day,
            psn_type: psn_type.into(),
            switch_from: switch_from.into(),
            payment,
            ..Default::default()
        })
    }

    pub fn coverages(&mut self) -> Act {
        let mut rows = Vec::new();
        for _ in 0..=self.dice.roll(2) {
            let begndate = self.dice.day();
            let enddate = if self.dice.one_in(3) { String::new() } else { self.dice.day_after(&begndate) };
            let enddate = if *enddate > *"2999-12-31" { String::new() } else { enddate };
            let psn_insu_stas = self.dice.of(&["1", "1", "1", "2", "4"]);
            let psn_chg_type = if psn_insu_stas == "2" { self.dice.of(&["", "31"]) } else { "" };
            let insutype = self.dice.of(&["310", "390", "380", "510"]);
            let entitled = self.dice.one_in(4);
            let entitled_begndate = if entitled { self.dice.day_after(&begndate) } else { String::new() };
            let psn_no = self.who();
            rows.push(CoverageRow {
                psn_insu_stas: psn_insu_stas.into(),
                psn_chg_type: psn_chg_type.into(),
                entitled_begndate,
                ..coverage_row(&psn_no, insutype, &begndate, &enddate)
            });
        }
        Act::Coverages(ImportCoveragesRequest { request_id: self.id(), rows })
    }

    pub fn entries(&mut self) -> Act {
        let (request_id, psn_no, other) = (self.id(), self.who(), self.who());
        let begndate = self.dice.day();
        let enddate = if self.dice.one_in(2) { String::new() } else { begndate.clone() };
        match self.dice.roll(5) {
            0 => {
                let name = self.dice.of(&["低保", "特困"]).into();
                let row = IdentityRow { psn_no, name, begndate, enddate, ..Default::default() };
                Act::Identities(ImportIdentitiesRequest { request_id, rows: vec![row] })
            }
            1 => {
                let kind = self.dice.of(&[MembershipKind::Union, MembershipKind::ZeroClaimYear]).into();
                let row = MembershipRow { psn_no, kind, begndate, enddate, ..Default::default() };
                Act::Memberships(ImportMembershipsRequest { request_id, rows: vec![row] })
            }
            2 => {
                let row =
                    AccountShareRow { psn_no, sharer_psn_no: other, begndate, enddate, ..Default::default() };
                Act::Shares(ImportAccountSharesRequest { request_id, rows: vec![row] })
            }
            3 => {
                let entitlement = DiseaseEntitlement {
                    kind: DiseaseKind::Chronic.into(),
                    dise_codg: "M03900".into(),
                    dise_name: "高血压".into(),
                    begndate: "2024-01-01".into(),
                    enddate: String::new(),
                    reverify_by: "2026-01-01".into(),
                };
                let row =
                    DiseaseEntitlementRow { psn_no, entitlement: Some(entitlement), ..Default::default() };
                Act::Diseases(ImportDiseaseEntitlementsRequest { request_id, rows: vec![row] })
            }
            _ => Act::Reverify(ReverifyDiseaseEntitlementRequest {
                request_id,
                psn_no,
                kind: DiseaseKind::Chronic.into(),
                dise_codg: "M03900".into(),
                verified_on: self.today.to_string(),
                reverify_by: (self.today + TimeDelta::days(365)).to_string(),
            }),
        }
    }

    pub fn newborn(&mut self) -> Act {
        let (request_id, guardian_psn_no) = (self.id(), self.who());
        let psn_no = format!("N{}", self.count);
        let brdy = (self.today - TimeDelta::days(60 + self.dice.roll(60) as i64)).to_string();
        self.psn_nos.push(psn_no.clone());
        let child = PersonRow {
            psn_cert_type: "99".into(),
            certno: format!("O43{psn_no}"),
            psn_name: "张宝宝".into(),
            brdy,
            psn_no,
            ..person("P1")
        };
        let payment = Contribution {
            accrym: self.today.to_string()[..4].to_owned(),
            amount_fen: 40_000,
            clct_type: "10".into(),
            clct_flag: "1".into(),
            paid_date: self.today.to_string(),
            ..Default::default()
        };
        Act::Newborn(RegisterNewbornRequest {
            request_id,
            person: Some(child),
            guardian_psn_no,
            payments: vec![payment],
        })
    }

    /// Corrects a person: another phone.
    pub fn persons(&mut self) -> Act {
        let psn_no = self.dice.of(&PERSONS);
        let tel = format!("1380000{:04}", self.count);
        Act::Persons(ImportPersonsRequest {
            request_id: self.id(),
            rows: vec![PersonRow { tel, ..person(psn_no) }],
        })
    }

    pub fn roster(&mut self) -> Act {
        let roster_id = self.id();
        let header = header(&roster_id, RosterMode::Changes, 1);
        let psn_no = self.who();
        let row = match self.dice.one_in(2) {
            true => add(&psn_no, "低保", &self.past_day(), ""),
            false => remove(&psn_no, "低保", &self.past_day()),
        };
        Act::Roster(RosterHeader { effective_date: self.today.to_string(), ..header }, vec![row])
    }

    pub fn act(&mut self) -> Act {
        match self.dice.roll(60) {
            0..18 => self.change(),
            18..30 => {
                let mut rows = Vec::new();
                for _ in 0..=self.dice.roll(3) {
                    let (psn_no, day) = (self.who(), self.dice.day());
                    let insutype = self.dice.of(&["310", "390"]);
                    rows.push(self.payment(&psn_no, insutype, &day));
                }
                Act::Pay(RecordContributionsRequest { request_id: self.id(), rows })
            }
            30..37 => self.coverages(),
            37..41 => self.entries(),
            41 => Act::TakeBack(TakeBackChangeRequest {
                request_id: self.id(),
                psn_no: self.who(),
                person_version: 1 + self.dice.roll(12) as i64,
                contribution_id: String::new(),
            }),
            42..46 => {
                let psn_no = self.who();
                self.repair(&psn_no)
            }
            46 => self.newborn(),
            47 if self.dice.one_in(3) => Act::Death(RecordDeathRequest {
                request_id: self.id(),
                psn_no: self.who(),
                die_date: self.past_day(),
            }),
            47..49 => self.persons(),
            49..51 => self.roster(),
            51 => {
                let document = format!(
                    "rules: seq\nversion: \"{}\"\ntitle: 株洲\narea: \"430200\"\nsources:\n  s: {{ title: 试行, quality: G }}\n\
                     newborn:\n  - {{ from: 2020-01-01, source: s, within_days: {} }}\n",
                    self.count,
                    60 + self.dice.roll(120)
                );
                Act::Rules(PublishEntitlementRulesRequest { request_id: self.id(), document })
            }
            52 if self.dice.one_in(2) => Act::Merge(MergePersonsRequest {
                request_id: self.id(),
                keep_psn_no: self.who(),
                merged_psn_no: self.who(),
                reason: "重复建档".into(),
            }),
            53..56 => {
                let psn_no = self.dice.of(&PERSONS);
                let told = self.payment(psn_no, "390", "2026");
                let paid_date = self.past_day();
                let (accrym, clct_type) = ("2026".into(), "10".into());
                let late = Contribution { accrym, clct_type, clct_flag: "1".into(), paid_date, ..told };
                Act::Pay(RecordContributionsRequest { request_id: self.id(), rows: vec![late] })
            }
            _ => {
                let from = self.dice.of(&["430200", "430200", "110000"]);
                let to = if self.dice.one_in(4) { from } else { self.dice.of(&AREAS) };
                Act::Start(StartTransferRequest {
                    request_id: self.id(),
                    biz_prcs_codg: "T21".into(),
                    psn_no: self.who(),
                    from_poolarea_no: from.into(),
                    to_poolarea_no: to.into(),
                    traf_prot_dirc: self.dice.of(&["11", "12", "41", "42"]).into(),
                    ..Default::default()
                })
            }
        }
    }

    pub fn repair(&mut self, psn_no: &str) -> Act {
        Act::Repair(RepairWaitingRequest {
            request_id: self.id(),
            psn_no: psn_no.into(),
            years: vec![2025],
            amount_per_year_fen: 40_000,
            paid_date: self.today.to_string(),
            clct_way: String::new(),
        })
    }

    /// The steps from an application to its end.
    pub fn steps(&mut self, transfer_id: &str, direction: &str) -> Vec<Act> {
        use TransferAction::{Accept, Finish, GenerateNotice, GenerateStatement, Withdraw};
        let employee = ["11", "42"].contains(&direction);
        let begndate = (self.today + TimeDelta::days(1 + self.dice.roll(40) as i64)).to_string();
        let terms = FinishTerms {
            begndate: if employee { begndate } else { String::new() },
            coverage_year: if employee { 0 } else { self.dice.of(&[2026, 2027]) },
            psn_type: if employee { "11" } else { "15" }.into(),
            supplements: if self.dice.one_in(2) { vec!["510".into()] } else { Vec::new() },
            ..Default::default()
        };
        let mut steps = Vec::new();
        // One that cannot be finished is withdrawn: nothing else can be done with the person before.
        for action in [GenerateNotice, GenerateStatement, Accept, Finish, Withdraw] {
            steps.push(Act::Advance(AdvanceTransferRequest {
                request_id: self.id(),
                transfer_id: transfer_id.into(),
                action: action.into(),
                reason: if action == Withdraw { "不再办理".into() } else { String::new() },
                finish: (action == Finish).then(|| terms.clone()),
            }));
        }
        steps
    }
}

pub fn coverage_row(psn_no: &str, insutype: &str, begndate: &str, enddate: &str) -> CoverageRow {
    CoverageRow { psn_type: "11".into(), ..crate::support::coverage(psn_no, insutype, begndate, enddate) }
}
