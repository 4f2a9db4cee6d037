//! Institutions and catalogue entries: the rows are the messages.

use yizhan_proto::settlement::v1::{CatalogueItem, Institution};
use yizhan_runtime::ServiceError;

use super::store::entities::{catalogue_item, institution};

impl From<Institution> for institution::Model {
    fn from(told: Institution) -> Self {
        let Institution { fixmedins_code, fixmedins_name, level, admdvs, fixmedins_type, contracted } = told;
        institution::Model { fixmedins_code, fixmedins_name, level, admdvs, fixmedins_type, contracted }
    }
}

impl From<institution::Model> for Institution {
    fn from(row: institution::Model) -> Self {
        let institution::Model { fixmedins_code, fixmedins_name, level, admdvs, fixmedins_type, contracted } =
            row;
        Institution { fixmedins_code, fixmedins_name, level, admdvs, fixmedins_type, contracted }
    }
}

impl From<CatalogueItem> for catalogue_item::Model {
    fn from(told: CatalogueItem) -> Self {
        catalogue_item::Model {
            labels: serde_json::Value::from(told.labels).to_string(),
            hilist_code: told.hilist_code,
            admdvs: told.admdvs,
            level: told.level,
            begndate: told.begndate,
            enddate: told.enddate,
            name: told.name,
            list_type: told.list_type,
            chrgitm_lv: told.chrgitm_lv,
            pric_uplmt_amt: told.pric_uplmt_amt,
            selfpay_prop: told.selfpay_prop,
            source: told.source,
            confidence: told.confidence,
        }
    }
}

impl TryFrom<catalogue_item::Model> for CatalogueItem {
    type Error = ServiceError;

    fn try_from(row: catalogue_item::Model) -> Result<Self, ServiceError> {
        Ok(CatalogueItem {
            labels: serde_json::from_str(&row.labels).map_err(ServiceError::internal)?,
            hilist_code: row.hilist_code,
            name: row.name,
            list_type: row.list_type,
            chrgitm_lv: row.chrgitm_lv,
            admdvs: row.admdvs,
            level: row.level,
            begndate: row.begndate,
            enddate: row.enddate,
            pric_uplmt_amt: row.pric_uplmt_amt,
            selfpay_prop: row.selfpay_prop,
            source: row.source,
            confidence: row.confidence,
        })
    }
}
