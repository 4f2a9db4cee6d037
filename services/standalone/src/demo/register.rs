//! Institutions and catalogue of the demo.

use anyhow::Context;
use serde::Deserialize;
use yizhan_proto::settlement::v1::{
    CatalogueItem, ImportCatalogueRequest, ImportInstitutionsRequest, Institution, ListPoliciesRequest,
};

use super::Clients;
use super::bills::PRICED;

/// 382 real entries, each with its source and how sure its class is.
const CATALOGUE: &str = include_str!("../../data/catalogue.csv");
/// 三级 in 上海浦东, where people of elsewhere are treated; not 特约.
pub const FAR_FROM_HOME: &str = "H31011500001";
/// First day of every entry of the demo.
const SINCE: &str = "2010-01-01";

/// An institution: code, name, level, area.
const INSTITUTIONS: [(&str, &str, &str, &str); 5] = [
    ("H99990000001", "示例市第一医院", "third", "999900"),
    ("H50011200001", "渝北示例医院", "second", "500112"),
    ("H43020000001", "株洲示例医院", "third", "430200"),
    ("H33080000001", "衢州示例医院", "third", "330800"),
    (FAR_FROM_HOME, "上海示例医院", "third", "310115"),
];

#[derive(Deserialize)]
struct CatalogueRow {
    hilist_code: String,
    name: String,
    list_type: String,
    chrgitm_lv: String,
    admdvs: String,
    level: String,
    pric_uplmt_amt: String,
    selfpay_prop: String,
    source: String,
    confidence: String,
}

/// Imports institutions and catalogue, and says which policies are published.
pub async fn register(clients: &Clients) -> anyhow::Result<()> {
    let institutions = INSTITUTIONS.iter().map(institution).collect();
    let request = ImportInstitutionsRequest { request_id: "demo-institutions".into(), institutions };
    clients.institutions.clone().import_institutions(request).await?;
    let mut items = read_catalogue()?;
    let real = items.len();
    items.extend(demo_items(&items)?);
    let request = ImportCatalogueRequest { request_id: "demo-catalogue".into(), items };
    clients.catalogue.clone().import_catalogue(request).await?;
    let policies = clients.policies.clone().list_policies(ListPoliciesRequest::default()).await?.into_inner();
    println!(
        "Registered {} institutions and {real} catalogue items; {} published policies are in use.",
        INSTITUTIONS.len(),
        policies.policies.len()
    );
    Ok(())
}

fn institution((code, name, level, area): &(&str, &str, &str, &str)) -> Institution {
    Institution {
        fixmedins_code: (*code).into(),
        fixmedins_name: (*name).into(),
        level: (*level).into(),
        admdvs: (*area).into(),
        fixmedins_type: "1".into(),
        contracted: *code != FAR_FROM_HOME,
    }
}

fn read_catalogue() -> anyhow::Result<Vec<CatalogueItem>> {
    let mut reader = csv::Reader::from_reader(CATALOGUE.as_bytes());
    let rows = reader.deserialize().map(|row| row.map(|row: CatalogueRow| row.item()));
    rows.collect::<Result<_, _>>().context("data/catalogue.csv")
}

impl CatalogueRow {
    fn item(self) -> CatalogueItem {
        CatalogueItem {
            hilist_code: self.hilist_code,
            name: self.name,
            list_type: self.list_type,
            chrgitm_lv: self.chrgitm_lv,
            admdvs: self.admdvs,
            level: self.level,
            begndate: SINCE.into(),
            enddate: String::new(),
            pric_uplmt_amt: self.pric_uplmt_amt,
            selfpay_prop: self.selfpay_prop,
            labels: Vec::new(),
            source: self.source,
            confidence: self.confidence,
        }
    }
}

/// Classes and ratios are set by each area and hardly published, so the demo's areas get the few
/// items its bills use as examples: the real item with the class and ratio the demo assumes.
fn demo_items(real: &[CatalogueItem]) -> anyhow::Result<Vec<CatalogueItem>> {
    let mut items = Vec::new();
    for priced in &PRICED {
        let known = real.iter().find(|item| item.hilist_code == priced.code);
        let known = known.with_context(|| format!("{} is not in data/catalogue.csv", priced.code))?;
        items.extend(INSTITUTIONS.iter().map(|(.., area)| CatalogueItem {
            admdvs: (*area).into(),
            chrgitm_lv: priced.class.into(),
            selfpay_prop: priced.prepay.into(),
            level: String::new(),
            pric_uplmt_amt: priced.ceiling.into(),
            source: "yizhan demo".into(),
            confidence: "assumed for the demo; not published by this area".into(),
            ..known.clone()
        }));
    }
    Ok(items)
}
