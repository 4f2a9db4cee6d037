//! Writes a policy as the document it would be loaded from (docs/POLICY.md, "Form").

use rust_decimal::Decimal;
use yizhan_documents::{Known, OTHERWISE, Period, Range};
use yizhan_policy::model::{
    Accumulator, AcrossYears, Adjust, Amount, Band, Benefit, Cap, Condition, CutOn, DayCount, Deductible,
    DeductibleAmount, Fed, Layer, LineFilter, Per, Policy, Prepay, Previous, Quantity, Ratio, SameDays, Span,
    Table, Term, Unit,
};

/// The document of a policy.
pub fn document(policy: &Policy) -> String {
    let mut lines = vec![
        format!("policy: {}", policy.id),
        format!("version: {}", quoted(&policy.version)),
        format!("title: {}", policy.title),
        format!("areas: {}", list(&policy.areas.iter().map(ToString::to_string).collect::<Vec<_>>())),
        format!("scheme: {}", quoted(policy.schemes[0].code())),
        format!("from: {}", policy.period.from),
    ];
    lines.extend(policy.period.to.map(|to| format!("to: {to}")));
    lines.push(format!("year_starts: {:02}-{:02}", policy.year_starts.0, policy.year_starts.1));
    let across = if policy.across_years == AcrossYears::Whole { "whole" } else { "split_by_days" };
    lines.push(format!("across_years: {across}"));
    lines.push("sources:".to_owned());
    for source in &policy.sources {
        let url = source.url.as_ref().map(|url| format!(", url: {}", quoted(url))).unwrap_or_default();
        lines.push(format!(
            "  {}: {{ title: {}, quality: {}{url} }}",
            source.id, source.title, source.quality
        ));
    }
    if !policy.accumulators.is_empty() {
        lines.push("accumulators:".to_owned());
        lines.extend(policy.accumulators.iter().map(accumulator));
    }
    let writer = Writer { policy, source: None };
    let (class_prepay, extra_prepay) = (&policy.class_prepay, &policy.extra_prepay);
    lines.extend(
        class_prepay.as_ref().map(|table| format!("class_prepay: {}", writer.ratios(table, policy.period))),
    );
    lines.extend(
        extra_prepay.as_ref().map(|prepay| format!("extra_prepay: {}", writer.prepay(prepay, policy.period))),
    );
    lines.extend(policy.filing_at_home.then(|| "filing_at_home: asked".to_owned()));
    if let Some(covers) = &policy.covers {
        let cares: Vec<&str> = covers.iter().map(|care| care.code()).collect();
        lines.push(format!("covers: [{}]", cares.join(", ")));
    }
    lines.push("layers:".to_owned());
    lines.extend(policy.layers.iter().enumerate().map(|(number, layer)| {
        // Every second layer names its source once, and its tables are written shorter.
        let source = (number % 2 == 1).then(|| first_source(layer)).flatten();
        Writer { policy, source }.layer(layer)
    }));
    let SameDays { two_stays, in_stay, around_visit } = policy.same_days;
    if policy.same_days != SameDays::default() {
        lines.push(format!(
            "same_days: {{ two_stays: {}, in_stay: {}, around_visit: {} }}",
            two_stays.code(),
            in_stay.code(),
            around_visit.code()
        ));
    }
    if !policy.account.pays.is_empty() {
        let pays: Vec<_> =
            policy.account.pays.iter().map(|part| part.name(&policy.layers).into_owned()).collect();
        lines.push(format!(
            "account: {{ pays: [{}], sharing: {} }}",
            pays.join(", "),
            policy.account.sharing
        ));
    }
    lines.join("\n") + "\n"
}

fn accumulator(accumulator: &Accumulator) -> String {
    let unit = match accumulator.unit {
        Unit::Fen => "fen",
        Unit::Count => "count",
        Unit::Days => "days",
    };
    let by = if accumulator.by_level { ", by: level" } else { "" };
    let per = if accumulator.by_month { ", per: month" } else { "" };
    format!("  {}: {{ label: {}, unit: {unit}{by}{per} }}", accumulator.name, accumulator.label)
}

struct Writer<'p> {
    policy: &'p Policy,
    /// What the layer around the tables cites.
    source: Option<usize>,
}

/// What the first row of a layer's benefit cites.
fn first_source(layer: &Layer) -> Option<usize> {
    fn of<T>(table: &Table<T>) -> Option<usize> {
        Some(table.versions.first()?.rows.first()?.source)
    }
    match &layer.benefit {
        Benefit::Scale { bands, .. } => of(bands),
        Benefit::ByItem { ratios } => of(ratios),
        Benefit::LumpSum { amount } | Benefit::PerDay { amount, .. } | Benefit::PerItem { amount, .. } => {
            of(amount)
        }
    }
}

/// `ratio: 80%` as the value alone; `None` where it is more than one.
fn alone(said: &str) -> Option<&str> {
    let (key, value) = said.split_once(": ")?;
    let one = ["ratio", "amount", "points", "days"].contains(&key) && !value.contains(['{', '[', ',']);
    one.then_some(value)
}

impl Writer<'_> {
    fn layer(&self, layer: &Layer) -> String {
        let mut lines = vec![
            format!("  - id: {}", layer.id),
            format!("    title: {}", layer.title),
            format!("    payer: {}", layer.payer.code()),
            format!("    fund_pay_type: {}", quoted(layer.fund_pay_type.code())),
        ];
        let mut say = |key: &str, value: String| lines.push(format!("    {key}: {value}"));
        let (period, document) = (layer.period, self.policy.period);
        self.source.iter().for_each(|source| say("source", self.policy.sources[*source].id.clone()));
        if period.from != document.from {
            say("from", period.from.to_string());
        }
        if let Some(to) = period.to.filter(|_| period.to != document.to) {
            say("to", to.to_string());
        }
        if !layer.when.is_empty() {
            say("when", self.when(&layer.when));
        }
        if !layer.base.terms.is_empty() {
            let terms: Vec<String> = layer.base.terms.iter().map(|term| self.term(term)).collect();
            say("base", format!("[ {} ]", terms.join(", ")));
        }
        layer.base_factor.iter().for_each(|table| say("base_factor", self.ratios(table, period)));
        layer.prepay.iter().for_each(|prepay| say("prepay", self.prepay(prepay, period)));
        layer.cost_cap.iter().for_each(|cap| say("cost_cap", self.cap(cap, period)));
        layer.deductible.iter().for_each(|deductible| say("deductible", self.deductible(deductible, period)));
        match &layer.benefit {
            Benefit::LumpSum { amount } => say("lump_sum", self.amounts(amount, period)),
            Benefit::ByItem { ratios } => {
                say("scale", format!("{{ by_item: {} }}", self.ratios(ratios, period)))
            }
            Benefit::PerItem { amount, lines } => say(
                "per_item",
                format!("{{ lines: {}, amount: {} }}", filter(lines), self.amounts(amount, period)),
            ),
            Benefit::PerDay { amount, count, from_day, most_days, used, unsaid } => {
                let count = if *count == DayCount::Nights { "nights" } else { "days" };
                let days = |days: &i64| format!("days: {days}");
                let most =
                    most_days.as_ref().map(|most| format!(", most_days: {}", self.table(most, period, days)));
                let used = used.map(|used| format!(", used: {}", self.accumulator(used)));
                let per = unsaid.as_ref().map(|unsaid| format!(", per: {{ unknown: {} }}", unsaid.why));
                say(
                    "per_day",
                    format!(
                        "{{ count: {count}, from_day: {from_day}, amount: {}{}{}{} }}",
                        self.amounts(amount, period),
                        most.unwrap_or_default(),
                        per.unwrap_or_default(),
                        used.unwrap_or_default()
                    ),
                );
            }
            Benefit::Scale { cut_on, reached, bands } => {
                let cut_on = if *cut_on == CutOn::Net { "net" } else { "absolute" };
                let reached = reached.map(|reached| format!("reached: {}, ", self.accumulator(reached)));
                let bands = self.table(bands, period, |bands| band_list(bands));
                say(
                    "scale",
                    format!("{{ cut_on: {cut_on}, {}bands: {bands} }}", reached.unwrap_or_default()),
                );
            }
        }
        if !layer.adjust.is_empty() {
            let adjust: Vec<String> = layer.adjust.iter().map(|adjust| self.adjust(adjust, period)).collect();
            say("adjust", format!("[ {} ]", adjust.join(", ")));
        }
        if layer.same_when_remote {
            say("remote", "none".to_owned());
        }
        layer.minimum.iter().for_each(|minimum| say("minimum", self.amounts(minimum, period)));
        layer.cap.iter().for_each(|cap| say("cap", self.cap(cap, period)));
        if !layer.feeds.is_empty() {
            let feed = |feed: &yizhan_policy::model::Feed| {
                format!("{}: {}", self.accumulator(feed.accumulator), fed(feed.what))
            };
            let feeds: Vec<String> = layer.feeds.iter().map(feed).collect();
            say("feeds", format!("{{ {} }}", feeds.join(", ")));
        }
        lines.join("\n")
    }

    fn accumulator(&self, index: usize) -> &str {
        &self.policy.accumulators[index].name
    }

    fn term(&self, term: &Term) -> String {
        let key = if term.times.is_sign_negative() { "less" } else { "add" };
        let mut text = format!("{{ {key}: {}", self.quantity(term.quantity));
        if term.times.abs() != Decimal::ONE {
            text += &format!(", times: {}", percent(term.times.abs()));
        }
        if let Some(lines) = &term.lines {
            text += &format!(", lines: {}", filter(lines));
        }
        if let Some(most) = &term.at_most {
            let part = (most.part != Decimal::ONE).then(|| format!("part: {}, ", percent(most.part)));
            text += &format!(", at_most: {{ {}of: {} }}", part.unwrap_or_default(), self.quantity(most.of));
        }
        text + " }"
    }

    fn quantity(&self, quantity: Quantity) -> String {
        quantity.name(&self.policy.layers).into_owned()
    }

    fn deductible(&self, deductible: &Deductible, period: Period) -> String {
        let per = match &deductible.per {
            Known::Value(Per::Visit) => "visit".to_owned(),
            Known::Value(Per::Year) => "year".to_owned(),
            Known::Unknown(why) => format!("{{ unknown: {why} }}"),
        };
        let amount = self.table(&deductible.amount, period, |amount| match amount {
            DeductibleAmount::Fixed(amount) => format!("amount: {}", said(amount)),
            DeductibleAmount::PartOf(ratio, of) => {
                format!("part: {}, of: {}", percent(*ratio), self.quantity(*of))
            }
        });
        let mut text = format!("{{ per: {per}, amount: {amount}");
        if let Some(factor) = &deductible.factor {
            text += &format!(", factor: {}", self.ratios(factor, period));
        }
        if let Some(less) = &deductible.less_previous {
            text += &format!(", less_previous: {}", self.ratios(less, period));
        }
        if let Some(year_cap) = &deductible.year_cap {
            text += &format!(", year_cap: {}", self.amounts(year_cap, period));
        }
        if let Some(used) = deductible.used {
            text += &format!(", used: {}", self.accumulator(used));
        }
        text + " }"
    }

    fn adjust(&self, adjust: &Adjust, period: Period) -> String {
        match adjust {
            Adjust::Points(table) => {
                let points =
                    |points: &Decimal| format!("points: {}", (points * Decimal::ONE_HUNDRED).normalize());
                format!("{{ points: {} }}", self.table(table, period, points))
            }
            Adjust::Factor(table) => format!("{{ factor: {} }}", self.ratios(table, period)),
            Adjust::PersonalFactor(table) => format!("{{ personal_factor: {} }}", self.ratios(table, period)),
            Adjust::Remote => "remote".to_owned(),
        }
    }

    fn cap(&self, cap: &Cap, period: Period) -> String {
        let amount = self.table(&cap.amount, period, |amount| match amount {
            Some(amount) => format!("amount: {}", said(amount)),
            None => "amount: none".to_owned(),
        });
        let used = cap.used.map(|used| format!(", used: {}", self.accumulator(used))).unwrap_or_default();
        let named = |span| match span {
            Span::Month => "month",
            Span::Quarter => "quarter",
            Span::Year => "year",
        };
        let per = cap.used.map_or("visit", |_| named(cap.per));
        let unsaid = cap.unsaid.as_ref().map(|unsaid| format!("{{ unknown: {} }}", unsaid.why));
        let per = unsaid.unwrap_or_else(|| per.to_owned());
        let carry = cap.carry.map(|carry| format!(", carry: {}", named(carry))).unwrap_or_default();
        let counts = if cap.net { ", counts: net" } else { "" };
        format!("{{ per: {per}{carry}, amount: {amount}{used}{counts} }}")
    }

    fn prepay(&self, prepay: &Prepay, period: Period) -> String {
        match prepay {
            Prepay::Table(table) => self.ratios(table, period),
            Prepay::Remote => "remote".to_owned(),
        }
    }

    fn ratios(&self, table: &Table<Decimal>, period: Period) -> String {
        self.table(table, period, |ratio| format!("ratio: {}", percent(*ratio)))
    }

    fn amounts(&self, table: &Table<Decimal>, period: Period) -> String {
        self.table(table, period, |amount| format!("amount: {}", yuan(*amount)))
    }

    fn table<T>(&self, table: &Table<T>, period: Period, value: impl Fn(&T) -> String) -> String {
        let cite = |source: usize| match self.source {
            Some(around) if around == source => String::new(),
            _ => format!("source: {}, ", self.policy.sources[source].id),
        };
        let one_version = |version: &yizhan_policy::model::TableVersion<T>| {
            let source = version.rows[0].source;
            let always = version.period == Period { from: period.from, to: None };
            let bare = always && table.versions.len() == 1 && self.source == Some(source);
            let mut text = "{ ".to_owned();
            if version.period.from != period.from {
                text += &format!("from: {}, ", version.period.from);
            }
            if let Some(to) = version.period.to {
                text += &format!("to: {to}, ");
            }
            let rows = version.rows.iter().map(|row| {
                let mut parts = Vec::new();
                if !row.when.is_empty() {
                    parts.push(format!("when: {}", self.when(&row.when)));
                }
                match row.rank {
                    0 => {}
                    OTHERWISE => parts.push("otherwise: true".to_owned()),
                    rank => parts.push(format!("rank: {rank}")),
                }
                if row.source != source {
                    parts.push(format!("source: {}", self.policy.sources[row.source].id));
                }
                parts.push(match &row.value {
                    Known::Value(known) => value(known),
                    Known::Unknown(why) => format!("unknown: {why}"),
                });
                format!("{{ {} }}", parts.join(", "))
            });
            let rows = format!("[ {} ]", rows.collect::<Vec<_>>().join(", "));
            // One row without conditions is written as the table, or the value alone, where a layer names the source.
            let only = match version.rows.as_slice() {
                [row] if self.source.is_some() && row.when.is_empty() && row.rank == 0 => {
                    Some(match &row.value {
                        Known::Value(known) => value(known),
                        Known::Unknown(why) => format!("unknown: {why}"),
                    })
                }
                _ => None,
            };
            match only {
                Some(said) if bare && alone(&said).is_some() => alone(&said).unwrap_or_default().to_owned(),
                Some(said) => text + &format!("{}{said} }}", cite(source)),
                None if bare => rows,
                None => text + &format!("{}rows: {rows} }}", cite(source)),
            }
        };
        let versions: Vec<String> = table.versions.iter().map(one_version).collect();
        if versions.len() == 1 { versions[0].clone() } else { format!("[ {} ]", versions.join(", ")) }
    }

    fn when(&self, conditions: &[Condition]) -> String {
        let conditions: Vec<String> = conditions.iter().map(|condition| self.condition(condition)).collect();
        format!("{{ {} }}", conditions.join(", "))
    }

    fn condition(&self, condition: &Condition) -> String {
        let codes = |codes: Vec<&str>| format!("[{}]", codes.join(", "));
        let value = match condition {
            Condition::Care(of) => codes(of.iter().map(|one| one.code()).collect()),
            Condition::Level(of) => codes(of.iter().map(|one| one.code()).collect()),
            Condition::Status(of) => codes(of.iter().map(|one| one.code()).collect()),
            Condition::Filing(of) => codes(of.iter().map(|one| one.code()).collect()),
            Condition::DiseaseKind(of) => codes(of.iter().map(|one| one.code()).collect()),
            Condition::Age(of) | Condition::YearsInsured(of) => format!("{{ {} }}", range(of)),
            Condition::Nth { counter, range: of } => {
                format!("{{ of: {}, {} }}", self.accumulator(*counter), range(of))
            }
            Condition::Previous(asked) => previous(asked),
            Condition::InProvince(yes) | Condition::Contracted(yes) => yes.to_string(),
            Condition::Identity(of)
            | Condition::NoIdentity(of)
            | Condition::Membership(of)
            | Condition::NoMembership(of)
            | Condition::Diagnosis(of)
            | Condition::Disease(of)
            | Condition::Tag(of)
            | Condition::NoTag(of)
            | Condition::Class(of)
            | Condition::ListType(of)
            | Condition::Label(of)
            | Condition::NoLabel(of) => list(of),
        };
        format!("{}: {value}", condition.name())
    }
}

fn previous(asked: &Previous) -> String {
    let mut keys = vec![format!("within_days: {}", asked.within_days)];
    keys.extend(asked.transferred.map(|so| format!("transferred: {so}")));
    let levels: Vec<&str> = asked.levels.iter().map(|level| level.code()).collect();
    keys.extend((!levels.is_empty()).then(|| format!("level: [{}]", levels.join(", "))));
    format!("{{ {} }}", keys.join(", "))
}

fn fed(what: Fed) -> &'static str {
    match what {
        Fed::Paid => "paid",
        Fed::Deductible => "deductible",
        Fed::Base => "base",
        Fed::Net => "net",
        Fed::Raised => "raised",
        Fed::Visit => "visit",
        Fed::Days => "days",
    }
}

fn filter(filter: &LineFilter) -> String {
    let keys =
        [("list_type", &filter.list_types), ("label", &filter.labels), ("not_label", &filter.not_labels)];
    let said: Vec<String> = keys
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(key, names)| format!("{key}: {}", list(names)))
        .collect();
    format!("{{ {} }}", said.join(", "))
}

fn band_list(bands: &[Band]) -> String {
    if let [Band { upto: None, ratio: Known::Value(ratio) }] = bands {
        return format!("ratio: {}", band_ratio(ratio));
    }
    let band = |band: &Band| {
        let upto = band.upto.map(|upto| format!("upto: {}, ", yuan(upto))).unwrap_or_default();
        match &band.ratio {
            Known::Value(ratio) => format!("{{ {upto}ratio: {} }}", band_ratio(ratio)),
            Known::Unknown(why) => format!("{{ {upto}unknown: {why} }}"),
        }
    };
    format!("bands: [ {} ]", bands.iter().map(band).collect::<Vec<_>>().join(", "))
}

fn band_ratio(ratio: &Ratio) -> String {
    match ratio {
        Ratio::Fixed(ratio) => percent(*ratio),
        Ratio::ByAge { base, per_year } => {
            format!("{{ base: {}, per_year_of_age: {} }}", percent(*base), percent(*per_year))
        }
    }
}

fn range(range: &Range) -> String {
    let from = range.from.map(|from| format!("from: {from}"));
    let to = range.to.map(|to| format!("to: {to}"));
    from.into_iter().chain(to).collect::<Vec<_>>().join(", ")
}

fn percent(ratio: Decimal) -> String {
    format!("{}%", (ratio * Decimal::ONE_HUNDRED).normalize())
}

/// Fen as the yuan of a document: `15万`, `1300` or `8450.50`.
fn yuan(fen: Decimal) -> String {
    let (whole, ten_thousands) = (Decimal::ONE_HUNDRED, Decimal::from(1_000_000));
    if !fen.is_zero() && (fen % ten_thousands).is_zero() {
        return format!("{}万", (fen / ten_thousands).normalize());
    }
    match (fen % whole).is_zero() {
        true => (fen / whole).normalize().to_string(),
        false => format!("{:.2}", fen / whole),
    }
}

fn said(amount: &Amount) -> String {
    let Some(share) = &amount.share else { return yuan(amount.fen) };
    let times = if share.times < Decimal::ONE { percent(share.times) } else { share.times.to_string() };
    format!("{{ times: {times}, of: {}, name: {} }}", yuan(share.of_fen), share.name)
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!("[{}]", names.join(", "))
}
