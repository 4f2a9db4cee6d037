//! The national codes of a transfer.

use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter};

use crate::coverage::domain::coverage_changes::Change;
use yizhan_terms::{Area, Insutype};

/// 转移方向.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Direction {
    /// 职工→职工.
    #[sea_orm(string_value = "11")]
    EmployeeToEmployee,
    /// 职工→居民.
    #[sea_orm(string_value = "12")]
    EmployeeToResident,
    /// 居民→居民.
    #[sea_orm(string_value = "41")]
    ResidentToResident,
    /// 居民→职工.
    #[sea_orm(string_value = "42")]
    ResidentToEmployee,
}

impl Direction {
    /// From traf_prot_dirc.
    pub fn from_code(code: &str) -> Option<Self> {
        Direction::try_from_value(&code.to_owned()).ok()
    }

    /// Whether this insutype is one that is left.
    pub fn leaves(self, insutype: Insutype) -> bool {
        match self {
            Direction::EmployeeToEmployee | Direction::EmployeeToResident => insutype == Insutype::Employee,
            Direction::ResidentToResident | Direction::ResidentToEmployee => insutype.is_of_residents(),
        }
    }

    /// The insutype that begins.
    pub fn joins(self) -> Insutype {
        match self {
            Direction::EmployeeToEmployee | Direction::ResidentToEmployee => Insutype::Employee,
            Direction::EmployeeToResident | Direction::ResidentToResident => Insutype::Resident,
        }
    }

    /// Whether 职工 and 居民 are switched.
    pub fn switches(self) -> bool {
        matches!(self, Direction::EmployeeToResident | Direction::ResidentToEmployee)
    }

    /// Whether a 人员类别 (2 or 4 digits) is one of the scheme that begins: 11 在职, 12 退休, 13 离休; or 14, 15, 16 居民.
    pub fn takes(self, psn_type: &str) -> bool {
        let class = psn_type.get(..2).unwrap_or_default();
        match self.joins() {
            Insutype::Employee => ["11", "12", "13"].contains(&class),
            _ => ["14", "15", "16"].contains(&class),
        }
    }
}

/// 人员变动 of a transfer: (on the sending side, on the receiving side). Within a province 24 统筹内转出 and 14 统筹内转入, across
/// provinces 23 转出统筹外 and 13 统筹外转入.
pub fn change_types(from: Area, to: Area) -> (Change, Change) {
    if from.same_province(to) {
        (Change::TransferOut, Change::TransferIn)
    } else {
        (Change::TransferOutToOutside, Change::TransferInFromOutside)
    }
}
