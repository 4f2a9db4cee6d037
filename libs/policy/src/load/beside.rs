//! Products that stand beside the documents of their areas and schemes: a document and the products of a day are one policy, as if the products'
//! layers were written behind its own.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_documents::{Kind, Problem, read_joined};
use yizhan_terms::{Area, Insutype};

use super::document;
use super::fed::may_both_apply;
use super::set::of_document;
use super::silent::may_pay;
use crate::model::{Condition, Layer, Member, Policy, Together};

/// What a product adds to what the document says there.
const KEYS: &[&str] = &["sources", "accumulators", "renames", "layers"];

/// What is in force for an area and scheme on a day: of each product the version published last, in order of their names.
pub(super) struct InForce<'p> {
    /// The document of the area and scheme.
    pub base: &'p Policy,
    /// The products beside it.
    pub products: Vec<&'p Policy>,
}

impl<'p> InForce<'p> {
    pub fn on(
        policies: impl DoubleEndedIterator<Item = &'p Policy> + Clone,
        area: Area,
        scheme: Insutype,
        day: NaiveDate,
    ) -> Option<InForce<'p>> {
        let holds = move |policy: &&Policy| {
            policy.areas.contains(&area) && policy.schemes.contains(&scheme) && policy.period.contains(day)
        };
        let base = policies.clone().rfind(|policy| !policy.is_product() && holds(policy))?;
        let products = policies.filter(|policy| policy.is_product() && holds(policy));
        let last: BTreeMap<&str, &Policy> = products.map(|product| (product.id.as_str(), product)).collect();
        Some(InForce { base, products: last.into_values().collect() })
    }

    /// Id and version of what they are together.
    pub fn name(&self) -> [String; 2] {
        let all = || [self.base].into_iter().chain(self.products.iter().copied());
        let joined = |of: fn(&Policy) -> &str| all().map(of).collect::<Vec<_>>().join("+");
        [joined(|policy| &policy.id), joined(|policy| &policy.version)]
    }

    /// One policy.
    ///
    /// # Errors
    /// Why they do not go together, told of `told`.
    fn join(&self, told: &Policy) -> Result<Policy, Vec<Problem>> {
        let clashes = self.clashes(told);
        if !clashes.is_empty() {
            return Err(clashes);
        }
        if self.products.len() > 1 {
            for product in &self.products {
                InForce { base: self.base, products: vec![product] }.join(told)?;
            }
        }
        let all: Vec<&Policy> = [self.base].into_iter().chain(self.products.iter().copied()).collect();
        let texts: Vec<&str> = all.iter().map(|policy| &*policy.together.text).collect();
        let whole = texts.join("\n---\n");
        let read = read_joined(&self.base.file, &texts, KEYS, |root| {
            document::policy(&root, &whole, &self.products)
        });
        let (policy, found) = read.map_err(|problems| self.told_of(told, problems.0.iter()))?;
        // Two products may count the same cost, each by its terms: what the document's layers paid neither of them pays again.
        let paid_again = if self.products.len() == 1 { self.of_both(&found, &all) } else { Vec::new() };
        if !paid_again.is_empty() {
            return Err(self.told_of(told, paid_again.into_iter()));
        }
        let [id, version] = self.name();
        let member = |policy: &&Policy| Member {
            id: policy.id.clone(),
            version: policy.version.clone(),
            digest: policy.digest.clone(),
        };
        let composite = all.iter().find_map(|policy| policy.composite.clone());
        let title = all.iter().map(|policy| policy.title.as_str()).collect::<Vec<_>>().join("；");
        let together = Together { of: all.iter().map(member).collect(), ..policy.together };
        Ok(Policy { file: self.base.file.clone(), id, version, title, composite, found, together, ..policy })
    }

    /// Names that more than one of them has. What a name means would depend on who is read first.
    fn clashes(&self, told: &Policy) -> Vec<Problem> {
        let mut held: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut clashes = Vec::new();
        for policy in [self.base].into_iter().chain(self.products.iter().copied()) {
            let layers =
                policy.layers.iter().skip(policy.foreign_layers()).map(|one| ("layer", one.id.as_str()));
            let accumulators = policy.accumulators.iter().map(|one| ("accumulator", one.name.as_str()));
            let sources = policy.sources.iter().map(|one| ("source", one.id.as_str()));
            for (what, name) in layers.chain(accumulators).chain(sources) {
                if !held.insert((what, name)) {
                    let message = format!("another of them has a {what} `{name}`: call it otherwise");
                    clashes.push(self.problem(told, &message));
                }
            }
        }
        clashes
    }

    /// A commercial product whose holders the document pays too: bought once, it would pay twice. So it would where it stands in a document of
    /// before, and has become one of its own.
    fn sold_twice(&self, told: &Policy) -> Vec<Problem> {
        let of_told = |product: &&&Policy| std::ptr::eq(self.base, told) || std::ptr::eq(**product, told);
        let mut twice = Vec::new();
        for product in self.products.iter().filter(of_told) {
            for (one, same) in
                own_layers(self.base).flat_map(|one| own_layers(product).map(move |same| (one, same)))
            {
                let name = products_of(one).find(|name| products_of(same).any(|of| of == *name));
                let pays = |layer: &Layer| layer.benefit.beside_bill() || may_pay(layer);
                let Some(name) = name.filter(|_| may_both_apply(one, same) && pays(one) && pays(same)) else {
                    continue;
                };
                let message = format!(
                    "layer `{}` of `{}` and layer `{}` of `{}` both pay whoever has `{name}`: one product would pay twice. Publish the document \
                     without it first",
                    one.id, self.base.id, same.id, product.id
                );
                twice.push(self.problem(told, &message));
            }
        }
        twice
    }

    /// What is found of them together that none of them has alone.
    fn of_both<'f>(&self, found: &'f [Problem], all: &[&Policy]) -> Vec<&'f Problem> {
        let known = |one: &Problem| {
            let mut alone = all.iter().flat_map(|policy| &policy.found);
            alone.any(|known| (known.kind, &known.message) == (one.kind, &one.message))
        };
        found.iter().filter(|one| one.kind == Kind::PaidAgain && !known(one)).collect()
    }

    fn told_of<'f>(&self, told: &Policy, problems: impl Iterator<Item = &'f Problem>) -> Vec<Problem> {
        let text =
            |problem: &Problem| format!("{}: {} ({})", problem.path, problem.message, problem.kind.code());
        problems.map(|problem| self.problem(told, &text(problem))).collect()
    }

    fn problem(&self, told: &Policy, why: &str) -> Problem {
        let names: Vec<String> = [self.base]
            .iter()
            .chain(&self.products)
            .map(|one| format!("`{}` {}", one.id, one.version))
            .collect();
        let message = format!("{} do not go together: {why}", names.join(" and "));
        of_document(told, "beside", Kind::NotBeside, message)
    }
}

/// The layers that a document brings itself.
fn own_layers(policy: &Policy) -> impl Iterator<Item = &Layer> {
    policy.layers.iter().skip(policy.foreign_layers())
}

/// The commercial products whose holders a layer is for.
fn products_of(layer: &Layer) -> impl Iterator<Item = &str> {
    let asked = layer.when.iter().filter_map(|one| match one {
        Condition::Membership(names) => Some(names),
        _ => None,
    });
    asked.flatten().map(String::as_str).filter(|name| name.starts_with("commercial/"))
}

/// What a document is together with those published before, on each of the days and for each of the areas and schemes on which it is in force
/// beside another one; or why they do not go together.
pub(super) fn joined<P: Borrow<Policy>>(
    policy: &Policy,
    published: &[P],
) -> Vec<Result<Policy, Vec<Problem>>> {
    combinations(policy, published, |found| found.join(policy))
}

/// Why a document is not to be published beside those published before: as `joined` says, or as one that pays a product twice. What was published
/// before that was looked at stays readable.
pub(super) fn refused<P: Borrow<Policy>>(policy: &Policy, published: &[P]) -> Vec<Problem> {
    let refused = combinations(policy, published, |found| {
        let apart = found.join(policy).err().unwrap_or_default();
        if apart.is_empty() { found.sold_twice(policy) } else { apart }
    });
    refused.into_iter().flatten().collect()
}

fn combinations<P: Borrow<Policy>, T>(
    policy: &Policy,
    published: &[P],
    of: impl Fn(&InForce<'_>) -> T,
) -> Vec<T> {
    let all: Vec<&Policy> = published.iter().map(Borrow::borrow).chain([policy]).collect();
    if !all.iter().any(|one| one.is_product()) {
        return Vec::new();
    }
    let (mut known, mut joined) = (BTreeSet::new(), Vec::new());
    for (area, scheme) in
        policy.areas.iter().flat_map(|area| policy.schemes.iter().map(|scheme| (*area, *scheme)))
    {
        for day in days(policy, &all, area) {
            let Some(found) = InForce::on(all.iter().copied(), area, scheme, day) else { continue };
            let is_of = [found.base].iter().chain(&found.products).any(|one| std::ptr::eq(*one, policy));
            if is_of && !found.products.is_empty() && known.insert(found.name()) {
                joined.push(of(&found));
            }
        }
    }
    joined
}

/// The days on which what is in force beside a document may change: its first, and where others of the area begin, or have ended.
fn days(policy: &Policy, all: &[&Policy], area: Area) -> BTreeSet<NaiveDate> {
    let of_area = all.iter().filter(|other| other.areas.contains(&area));
    let changes =
        of_area.flat_map(|other| [Some(other.period.from), other.period.to.and_then(|to| to.succ_opt())]);
    changes.flatten().filter(|day| policy.period.contains(*day)).chain([policy.period.from]).collect()
}

/// As documents of a book.
impl InForce<'_> {
    /// Those among documents.
    pub fn among<'p>(
        policies: &'p [Arc<Policy>],
        area: Area,
        scheme: Insutype,
        day: NaiveDate,
    ) -> Option<InForce<'p>> {
        InForce::on(policies.iter().map(AsRef::as_ref), area, scheme, day)
    }
}
