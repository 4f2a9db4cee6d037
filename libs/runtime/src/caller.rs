//! Who asks. Made once per request by the server's layer and put into the request's extensions; use cases get it as an
//! argument and ask it, never the transport.
//!
//! On one machine, where nothing is configured, that is [`Caller::LocalAdministrator`]. Otherwise a certificate, a token or, behind something
//! that sets it, the metadata entry `yizhan-caller` names the caller, e.g. `institution:H43020000001`: see `identity.rs`.
//! Requests of nobody are refused (health and reflection need none).

use std::fmt;

use tonic::Request;
use yizhan_terms::Area;

use crate::{Reason, ServiceError, Violations};

/// The metadata entry that names the caller, where the server is configured to believe it.
pub const CALLER_HEADER: &str = "yizhan-caller";

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A designated institution (定点医药机构), by its 12-character code. Header: `institution:H43020000001`.
    Institution {
        /// Its code.
        code: String,
    },
    /// An agency (医保经办机构) of an area, by 6-digit admdvs. Header: `agency:430200`.
    Agency {
        /// The area: `430200` owns every 4302xx, `430000` every 43xxxx, `100000` all.
        area: Area,
    },
    /// An administrative department (医保局 and others) of an area. Reads; does not handle cases; sends the rosters it
    /// produces. Header: `department:430000`, or with its code `department:430200.civil-affairs`.
    Department {
        /// The area, as for an agency.
        area: Area,
        /// Which department of it, by project code, where that matters.
        code: Option<String>,
    },
    /// A commercial insurer or mutual-aid fund, by project code. Header: `insurer:PICC-QZ`.
    Insurer {
        /// Its code.
        code: String,
    },
    /// An insured person, by psn_no. Header: `person:P0001`.
    Person {
        /// The person's number.
        psn_no: String,
    },
    /// Whoever runs the platform; sees no personal data. Header: `operator:alice`.
    Operator {
        /// Who.
        name: String,
    },
    /// Another service of ours. Header: `service:settlement`.
    Service {
        /// Which.
        name: String,
    },
    /// Everything on one machine: the embedded default, may do anything. Header: `local-administrator`.
    LocalAdministrator,
}

impl Caller {
    /// Of a tonic request: what the server's layer put there; the local administrator if the service runs without one.
    pub fn of<T>(request: &Request<T>) -> Caller {
        request.extensions().get::<Caller>().cloned().unwrap_or(Caller::LocalAdministrator)
    }

    /// From the header's form (see the variants).
    pub fn parse(text: &str) -> Option<Caller> {
        if text == "local-administrator" {
            return Some(Caller::LocalAdministrator);
        }
        let (kind, name) = text.split_once(':')?;
        let plain = !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if !plain {
            return None;
        }
        let name = name.to_owned();
        match kind {
            "institution" => Some(Caller::Institution { code: name }),
            "agency" => Area::parse(&name).map(|area| Caller::Agency { area }),
            "department" => department(&name),
            "insurer" => Some(Caller::Insurer { code: name }),
            "person" => Some(Caller::Person { psn_no: name }),
            "operator" => Some(Caller::Operator { name }),
            "service" => Some(Caller::Service { name }),
            _ => None,
        }
    }

    /// Whether it is somebody outside: neither a service of ours nor the local administrator. A gateway speaks for such, and tokens name such.
    pub(crate) fn is_outside(&self) -> bool {
        !matches!(self, Caller::Service { .. } | Caller::LocalAdministrator)
    }

    /// The institution's code, when an institution calls.
    pub fn institution_code(&self) -> Option<&str> {
        match self {
            Caller::Institution { code } => Some(code),
            _ => None,
        }
    }

    /// Whether the caller may submit and see cases of this institution: the institution itself, the local administrator,
    /// and our services.
    pub fn may_act_for_institution(&self, code: &str) -> bool {
        match self {
            Caller::Institution { code: own } => own == code,
            Caller::LocalAdministrator | Caller::Service { .. } => true,
            _ => false,
        }
    }

    /// The area the caller is responsible for: an agency's or department's own. `None` for all others.
    pub fn owned_area(&self) -> Option<Area> {
        match self {
            Caller::Agency { area } | Caller::Department { area, .. } => Some(*area),
            _ => None,
        }
    }

    /// The area whose register and cases the caller may see, with everything inside it: the own one, or the whole country; `None` for
    /// who sees no area as a whole. For filtering lists in the database.
    pub fn readable_area(&self) -> Option<Area> {
        match self {
            Caller::LocalAdministrator | Caller::Service { .. } => Some(Area::NATION),
            _ => self.owned_area(),
        }
    }

    /// Whether the caller may see the register and the cases of this pooling area as a whole. `None`, what is no area, is nobody's.
    pub fn may_read_area(&self, poolarea_no: impl Into<Option<Area>>) -> bool {
        match self {
            Caller::LocalAdministrator | Caller::Service { .. } => true,
            _ => self.owns(poolarea_no),
        }
    }

    fn owns(&self, poolarea_no: impl Into<Option<Area>>) -> bool {
        self.owned_area().zip(poolarea_no.into()).is_some_and(|(own, inner)| own.covers(inner))
    }

    /// Whether the caller may change the register, the catalogue or the policies of this pooling area.
    pub fn may_manage_area(&self, poolarea_no: impl Into<Option<Area>>) -> bool {
        !matches!(self, Caller::Department { .. } | Caller::Service { .. }) && self.may_read_area(poolarea_no)
    }

    /// Refuses who may not see the register and the cases of this pooling area as a whole.
    ///
    /// # Errors
    /// AREA_NOT_OWNED.
    pub fn check_reads(&self, poolarea_no: &str) -> Result<(), ServiceError> {
        self.may_read_area(Area::parse(poolarea_no))
            .then_some(())
            .ok_or_else(|| ServiceError::area_not_owned(poolarea_no))
    }

    /// Refuses who may not change the register, the catalogue or the policies of this pooling area.
    ///
    /// # Errors
    /// AREA_NOT_OWNED.
    pub fn check_manages(&self, poolarea_no: &str) -> Result<(), ServiceError> {
        self.may_manage_area(Area::parse(poolarea_no))
            .then_some(())
            .ok_or_else(|| ServiceError::area_not_owned(poolarea_no))
    }

    /// The same for the pooling areas that the rows of a request say, each with its field: all that are not the caller's at once. What a
    /// row would replace is asked for besides, with the row that is held locked; see [`Violations::not_owned`].
    ///
    /// # Errors
    /// AREA_NOT_OWNED.
    pub fn check_manages_each<'a>(
        &self,
        areas: impl IntoIterator<Item = (String, &'a str)>,
    ) -> Result<(), ServiceError> {
        let (mut wrong, mut foreign) = (Violations::new(), None);
        for (field, area) in areas {
            if !wrong.require(self.may_manage_area(Area::parse(area)), field, Reason::AreaNotOwned) {
                foreign.get_or_insert(area);
            }
        }
        wrong.not_owned(foreign.unwrap_or_default())
    }

    /// Whether the caller may send what this department produces about this pooling area: the department itself, and for it
    /// whoever manages the area.
    pub fn may_speak_for_department(&self, poolarea_no: impl Into<Option<Area>>, department: &str) -> bool {
        match self {
            Caller::Department { code: Some(code), .. } => self.owns(poolarea_no) && code == department,
            _ => self.may_manage_area(poolarea_no),
        }
    }

    /// Whether the caller may ask about this person at all: the person, whoever treats them, and whoever pays for or
    /// registers them.
    pub fn may_ask_about(&self, psn_no: &str, poolarea_no: impl Into<Option<Area>>) -> bool {
        match self {
            Caller::Person { psn_no: own } => own == psn_no,
            Caller::Institution { .. } | Caller::Service { .. } | Caller::LocalAdministrator => true,
            Caller::Agency { .. } | Caller::Department { .. } => self.may_read_area(poolarea_no),
            Caller::Insurer { .. } | Caller::Operator { .. } => false,
        }
    }
}

/// `430200` or `430200.civil-affairs`.
fn department(name: &str) -> Option<Caller> {
    let (area, code) = match name.split_once('.') {
        Some((area, code)) => (area, Some(code)),
        None => (name, None),
    };
    let fits = code.is_none_or(|code| !code.is_empty() && !code.contains('.'));
    let area = Area::parse(area).filter(|_| fits)?;
    Some(Caller::Department { area, code: code.map(str::to_owned) })
}

/// The header's form; also the scope in which a caller's request ids are unique.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caller::Institution { code } => write!(f, "institution:{code}"),
            Caller::Agency { area } => write!(f, "agency:{area}"),
            Caller::Department { area, code: None } => write!(f, "department:{area}"),
            Caller::Department { area, code: Some(code) } => write!(f, "department:{area}.{code}"),
            Caller::Insurer { code } => write!(f, "insurer:{code}"),
            Caller::Person { psn_no } => write!(f, "person:{psn_no}"),
            Caller::Operator { name } => write!(f, "operator:{name}"),
            Caller::Service { name } => write!(f, "service:{name}"),
            Caller::LocalAdministrator => f.write_str("local-administrator"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(code: &str) -> Option<Area> {
        Area::parse(code)
    }

    #[test]
    fn the_header_is_read_and_written_alike() {
        for text in
            ["institution:H43020000001", "agency:430200", "department:430000", "insurer:PICC-QZ", "person:P1"]
                .into_iter()
                .chain(["operator:alice", "service:settlement", "local-administrator"])
                .chain(["department:430200.civil-affairs"])
        {
            assert_eq!(Caller::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "institution", "institution:", "agency:43", "root:x", "person:a b", "person:张三"]
            .into_iter()
            .chain([
                "department:430200.",
                "department:4302.veterans",
                "department:430200.a.b",
                "department:x",
            ])
        {
            assert_eq!(Caller::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_area_is_owned_with_what_lies_inside() {
        let agency = Caller::parse("agency:430200").unwrap();
        assert!(agency.may_manage_area(area("430200")) && agency.may_manage_area(area("430299")));
        assert!(!agency.may_manage_area(area("430300")) && !agency.may_manage_area(area("4302")));
        let department = Caller::parse("department:430000").unwrap();
        assert!(department.may_read_area(area("430281")) && !department.may_manage_area(area("430281")));
        assert_eq!(department.readable_area(), Area::parse("430000"));
        assert_eq!(Caller::LocalAdministrator.readable_area(), Some(Area::NATION));
        assert_eq!(
            (Caller::parse("person:P1").unwrap().readable_area(), agency.owned_area()),
            (None, Area::parse("430200"))
        );
    }

    #[test]
    fn a_department_speaks_for_itself_only() {
        let department = Caller::parse("department:430200.veterans").unwrap();
        assert!(department.may_speak_for_department(area("430281"), "veterans"));
        assert!(!department.may_speak_for_department(area("430281"), "health"));
        assert!(!department.may_speak_for_department(area("430100"), "veterans"));
        assert!(!department.may_manage_area(area("430200")));
        let nameless = Caller::parse("department:430200").unwrap();
        assert!(!nameless.may_speak_for_department(area("430200"), "veterans"));
        let agency = Caller::parse("agency:430200").unwrap();
        assert!(agency.may_speak_for_department(area("430200"), "veterans"));
    }

    #[test]
    fn an_institution_acts_for_itself_only() {
        let hospital = Caller::parse("institution:H43020000001").unwrap();
        assert!(hospital.may_act_for_institution("H43020000001"));
        assert!(!hospital.may_act_for_institution("H43020000002"));
        assert!(!hospital.may_read_area(area("430200")));
        assert!(hospital.may_ask_about("P1", area("430200")));
    }
}
