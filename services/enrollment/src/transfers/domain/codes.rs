//! The national codes of a transfer.

use crate::coverage::domain::coverage_changes::Change;
use crate::person::domain::codes::BASIC_SCHEMES;

/// 职工基本医疗保险.
pub const EMPLOYEE_SCHEME: &str = "310";
/// 城乡居民基本医疗保险.
pub const RESIDENT_SCHEME: &str = "390";
/// What counts as 居民: the merged scheme and the two it came from.
const RESIDENT_SCHEMES: [&str; 3] = ["390", "391", "380"];

/// 转移方向.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// 11 职工→职工.
    EmployeeToEmployee,
    /// 12 职工→居民.
    EmployeeToResident,
    /// 41 居民→居民.
    ResidentToResident,
    /// 42 居民→职工.
    ResidentToEmployee,
}

impl Direction {
    /// From traf_prot_dirc.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "11" => Some(Direction::EmployeeToEmployee),
            "12" => Some(Direction::EmployeeToResident),
            "41" => Some(Direction::ResidentToResident),
            "42" => Some(Direction::ResidentToEmployee),
            _ => None,
        }
    }

    /// Whether this insutype is one that is left.
    pub fn leaves(self, insutype: &str) -> bool {
        match self {
            Direction::EmployeeToEmployee | Direction::EmployeeToResident => insutype == EMPLOYEE_SCHEME,
            Direction::ResidentToResident | Direction::ResidentToEmployee => {
                RESIDENT_SCHEMES.contains(&insutype)
            }
        }
    }

    /// The insutype that begins.
    pub fn joins(self) -> &'static str {
        match self {
            Direction::EmployeeToEmployee | Direction::ResidentToEmployee => EMPLOYEE_SCHEME,
            Direction::EmployeeToResident | Direction::ResidentToResident => RESIDENT_SCHEME,
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
            EMPLOYEE_SCHEME => ["11", "12", "13"].contains(&class),
            _ => ["14", "15", "16"].contains(&class),
        }
    }
}

/// 人员变动 of a transfer: (on the sending side, on the receiving side). Within a province 24 统筹内转出 and 14 统筹内转入, across
/// provinces 23 转出统筹外 and 13 统筹外转入.
pub fn change_types(from_poolarea_no: &str, to_poolarea_no: &str) -> (Change, Change) {
    if from_poolarea_no.get(..2) == to_poolarea_no.get(..2) {
        (Change::TransferOut, Change::TransferIn)
    } else {
        (Change::TransferOutToOutside, Change::TransferInFromOutside)
    }
}

/// Whether it is a basic scheme.
pub fn is_basic(insutype: &str) -> bool {
    BASIC_SCHEMES.contains(&insutype)
}
