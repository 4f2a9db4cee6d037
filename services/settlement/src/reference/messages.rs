//! Institutions and catalogue entries: the rows are the messages.

use chrono::DateTime;
use yizhan_proto::settlement::v1::{CatalogueItem, ContractStatus, Institution};
use yizhan_runtime::ServiceError;
use yizhan_runtime::clock::timestamp;

use super::store::entities::{catalogue_item, contract_status, institution};

/// Without statuses of its contract; what is held keeps those it has.
impl From<Institution> for institution::Model {
    fn from(told: Institution) -> Self {
        institution::Model {
            fixmedins_code: told.fixmedins_code,
            fixmedins_name: told.fixmedins_name,
            level: told.level,
            admdvs: told.admdvs,
            fixmedins_type: told.fixmedins_type,
            contracted: told.contracted,
            dual_channel: told.dual_channel,
            contract: "[]".to_owned(),
        }
    }
}

impl From<institution::Model> for Institution {
    fn from(row: institution::Model) -> Self {
        Institution {
            fixmedins_code: row.fixmedins_code,
            fixmedins_name: row.fixmedins_name,
            level: row.level,
            admdvs: row.admdvs,
            fixmedins_type: row.fixmedins_type,
            contracted: row.contracted,
            dual_channel: row.dual_channel,
        }
    }
}

impl From<contract_status::Model> for ContractStatus {
    fn from(row: contract_status::Model) -> Self {
        let at = |us: i64| DateTime::from_timestamp_micros(us).map(timestamp);
        ContractStatus {
            recorded_at: at(row.recorded_at_us),
            withdrawn_at: row.withdrawn_at_us.and_then(at),
            withdrawn_by: row.withdrawn_by.unwrap_or_default(),
            withdrawn_reason: row.withdrawn_reason.unwrap_or_default(),
            status_id: row.status_id,
            fixmedins_code: row.fixmedins_code,
            bilg_dept_codg: row.bilg_dept_codg,
            status: row.status,
            begndate: row.begndate,
            enddate: row.enddate,
            reason: row.reason,
            basis: row.basis,
            recorded_by: row.recorded_by,
        }
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
