//! Institutions and catalogue of the demo.

use std::collections::HashMap;

use anyhow::Context;
use yizhan_proto::settlement::v1::catalogue_service_client::CatalogueServiceClient;
use yizhan_proto::settlement::v1::institution_service_client::InstitutionServiceClient;
use yizhan_proto::settlement::v1::policy_service_client::PolicyServiceClient;
use yizhan_proto::settlement::v1::{
    CatalogueItem, ImportCatalogueRequest, ImportInstitutionsRequest, Institution, ListPoliciesRequest,
};
use yizhan_runtime::client::PeerChannel;

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

/// Imports institutions and catalogue, and says which policies are published.
pub async fn register(settlement: &PeerChannel) -> anyhow::Result<()> {
    let institutions = INSTITUTIONS.map(institution).into();
    let request = ImportInstitutionsRequest { request_id: "demo-institutions".into(), institutions };
    InstitutionServiceClient::new(settlement.clone()).import_institutions(request).await?;
    let mut items = read_catalogue().context("data/catalogue.csv")?;
    let real = items.len();
    items.extend(priced_items(&INSTITUTIONS.map(|(.., area)| area))?);
    let request = ImportCatalogueRequest { request_id: "demo-catalogue".into(), items };
    CatalogueServiceClient::new(settlement.clone()).import_catalogue(request).await?;
    let mut policies = PolicyServiceClient::new(settlement.clone());
    let policies = policies.list_policies(ListPoliciesRequest::default()).await?.into_inner().policies;
    println!(
        "Registered {} institutions and {real} catalogue items; {} published policies are in use.",
        INSTITUTIONS.len(),
        policies.len()
    );
    Ok(())
}

fn institution((code, name, level, area): (&str, &str, &str, &str)) -> Institution {
    Institution {
        fixmedins_code: code.into(),
        fixmedins_name: name.into(),
        level: level.into(),
        admdvs: area.into(),
        fixmedins_type: "1".into(),
        contracted: code != FAR_FROM_HOME,
        dual_channel: false,
    }
}

fn read_catalogue() -> anyhow::Result<Vec<CatalogueItem>> {
    let mut items = Vec::new();
    for row in csv::Reader::from_reader(CATALOGUE.as_bytes()).deserialize() {
        let mut row: HashMap<String, String> = row?;
        let mut take = |column: &str| row.remove(column).with_context(|| format!("no column {column}"));
        items.push(CatalogueItem {
            hilist_code: take("hilist_code")?,
            name: take("name")?,
            list_type: take("list_type")?,
            chrgitm_lv: take("chrgitm_lv")?,
            admdvs: take("admdvs")?,
            level: take("level")?,
            begndate: SINCE.into(),
            pric_uplmt_amt: take("pric_uplmt_amt")?,
            selfpay_prop: take("selfpay_prop")?,
            source: take("source")?,
            confidence: take("confidence")?,
            ..CatalogueItem::default()
        });
    }
    Ok(items)
}

/// Classes and ratios are set by each area and hardly published, so areas get the few items that the demo's bills use as
/// examples: the real item with the class and ratio the demo assumes.
pub fn priced_items(areas: &[&str]) -> anyhow::Result<Vec<CatalogueItem>> {
    let real = read_catalogue().context("data/catalogue.csv")?;
    let mut items = Vec::new();
    for (code, class, prepay, ceiling, _) in PRICED {
        let known = real.iter().find(|item| item.hilist_code == code);
        let known = known.with_context(|| format!("{code} is not in data/catalogue.csv"))?;
        items.extend(areas.iter().map(|area| CatalogueItem {
            admdvs: (*area).into(),
            chrgitm_lv: class.into(),
            selfpay_prop: prepay.into(),
            level: String::new(),
            pric_uplmt_amt: ceiling.into(),
            source: "yizhan demo".into(),
            confidence: "assumed for the demo; not published by this area".into(),
            ..known.clone()
        }));
    }
    Ok(items)
}
