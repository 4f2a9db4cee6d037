//! The tables, made from the entities so that PostgreSQL and SQLite agree.

mod claims;
mod credit_followed;
mod deferrals;
mod journal;
mod merged;
mod monthly;
mod moves;
mod parted;
mod policies;
mod reconciliation;
mod recoveries;
mod reimbursements;
mod rows;

use claims::CreateClaims;
use credit_followed::FollowCredit;
use deferrals::CreateDeferrals;
use journal::{CreateJournal, POSTINGS};
use merged::FollowRegister;
use monthly::DivideByMonth;
use moves::MoveAccounts;
use parted::CreateParted;
use policies::{MovePolicies, policy};
use reconciliation::{CreateOpenings, ReconcileSettlements};
use recoveries::CreateRecoveries;
use reimbursements::CreateReimbursements;
use rows::LayOutRows;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Schema};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};
use yizhan_rules::CreatePublishedRules;
use yizhan_runtime::feed::CreateChangeLog;
use yizhan_runtime::follow::CreateFollowedFeeds;
use yizhan_runtime::once::CreateHandledRequests;
use yizhan_runtime::secret::CreateServiceSecret;

use crate::books::store::entities::{account, account_booking, accumulated, request, settlement, trace_code};
use crate::books::store::uploaded::{uploaded_fee, visit_fees};
use crate::reference::store::entities::{catalogue_item, contract_status, institution, reference_version};
use crate::rules;

/// All migrations, in order.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(CreateChangeLog),
            Box::new(CreateTables),
            Box::new(CreatePublishedRules),
            Box::new(MovePolicies),
            Box::new(CreateHandledRequests),
            Box::new(MoveAdministrativeRequests),
            Box::new(CreateServiceSecret),
            Box::new(CreateReferenceVersion),
            Box::new(CreateClaims),
            Box::new(CreateSettlementRules),
            Box::new(CreateContracts),
            Box::new(CreateTraceCodes),
            Box::new(CreateOpenings),
            Box::new(ReconcileSettlements),
            Box::new(CreateFollowedFeeds),
            Box::new(FollowRegister),
            Box::new(CreateUploadedFees),
            Box::new(CreateAccountBookings),
            Box::new(MoveAccounts),
            Box::new(CreateParted),
            Box::new(CreateJournal),
            Box::new(CreateRecoveries),
            Box::new(CreateReimbursements),
            Box::new(CreateDeferrals),
            Box::new(FollowCredit),
            Box::new(DivideByMonth),
            Box::new(LayOutRows),
        ]
    }
}

struct CreateTables;

impl MigrationName for CreateTables {
    fn name(&self) -> &str {
        "m20261121_000001_settlement"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, settlement::Entity).await?;
        create(manager, request::Entity).await?;
        create(manager, accumulated::Entity).await?;
        create(manager, account::Entity).await?;
        create(manager, institution::Entity).await?;
        create(manager, catalogue_item::Entity).await?;
        create(manager, policy::Entity).await?;
        let db = manager.get_connection();
        for statement in [POSTINGS].into_iter().chain(INDEXES) {
            db.execute_unprepared(statement).await?;
        }
        if manager.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(COMPRESS).await?;
        }
        Ok(())
    }
}

/// Imports and publications were noted among the settlements' requests. Their digests were others: an id of then that is sent again is
/// refused as used, and nothing is imported a second time over what came since.
struct MoveAdministrativeRequests;

impl MigrationName for MoveAdministrativeRequests {
    fn name(&self) -> &str {
        "m20261129_000002_administrative_requests"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for MoveAdministrativeRequests {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(
            "INSERT INTO handled_request (caller, request_id, digest, answer, recorded_at) \
             SELECT owner, request_id, digest, answer, CURRENT_TIMESTAMP FROM requests WHERE poolarea_no = ''",
        )
        .await?;
        db.execute_unprepared("DELETE FROM requests WHERE poolarea_no = ''").await?;
        Ok(())
    }
}

/// Institutions and catalogue get a version, so that what is kept of them in memory is of one.
struct CreateReferenceVersion;

impl MigrationName for CreateReferenceVersion {
    fn name(&self) -> &str {
        "m20261129_000003_reference_version"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateReferenceVersion {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, reference_version::Entity).await?;
        let first = "INSERT INTO reference_version (version) VALUES (1)";
        manager.get_connection().execute_unprepared(first).await.map(drop)
    }
}

/// Rules of settling, beside the benefit policies.
struct CreateSettlementRules;

impl MigrationName for CreateSettlementRules {
    fn name(&self) -> &str {
        "m20261129_000040_settlement_rules"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateSettlementRules {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        yizhan_rules::create_table(manager, rules::TABLE).await
    }
}

/// Contracts of institutions, dated; those that were registered before are signed without end.
struct CreateContracts;

impl MigrationName for CreateContracts {
    fn name(&self) -> &str {
        "m20261129_000041_contracts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateContracts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, contract_status::Entity).await?;
        // The table is made from its entity: a new one has them.
        for (column, of) in [
            ("dual_channel", "boolean NOT NULL DEFAULT false"),
            ("contract", "varchar NOT NULL DEFAULT '[]'"),
        ] {
            if !manager.has_column("institutions", column).await? {
                let add = format!("ALTER TABLE institutions ADD COLUMN {column} {of}");
                manager.get_connection().execute_unprepared(&add).await?;
            }
        }
        Ok(())
    }
}

/// Where trace codes stand: none did before lines brought any.
struct CreateTraceCodes;

impl MigrationName for CreateTraceCodes {
    fn name(&self) -> &str {
        "m20261129_000042_trace_codes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateTraceCodes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, trace_code::Entity).await
    }
}

/// Lines can be brought before their visit is settled.
struct CreateUploadedFees;

impl MigrationName for CreateUploadedFees {
    fn name(&self) -> &str {
        "m20261129_000050_uploaded_fees"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateUploadedFees {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, visit_fees::Entity).await?;
        create(manager, uploaded_fee::Entity).await?;
        let by_visit = "CREATE INDEX uploaded_fees_by_visit ON uploaded_fees (fixmedins_code, mdtrt_id)";
        manager.get_connection().execute_unprepared(by_visit).await.map(drop)
    }
}

/// Bookings of accounts get names, so that they can be taken back; a relative's contribution for a year is paid once.
struct CreateAccountBookings;

impl MigrationName for CreateAccountBookings {
    fn name(&self) -> &str {
        "m20261129_000036_account_bookings"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateAccountBookings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, account_booking::Entity).await?;
        let once = "CREATE UNIQUE INDEX account_bookings_contribution_once ON account_bookings (for_psn_no, accrym) \
                    WHERE for_psn_no <> '' AND cancelled_by = ''";
        manager.get_connection().execute_unprepared(once).await.map(drop)
    }
}

async fn create<E: EntityTrait>(manager: &SchemaManager<'_>, entity: E) -> Result<(), DbErr> {
    let schema = Schema::new(manager.get_database_backend());
    manager.create_table(schema.create_table_from_entity(entity)).await
}

/// Settlements are also found by their id alone, and a settlement is reversed at most once.
const INDEXES: [&str; 2] = [
    "CREATE INDEX settlements_by_id ON settlements (setl_id)",
    "CREATE UNIQUE INDEX settlements_reversed_once ON settlements (poolarea_no, psn_no, reverses_setl_id) \
     WHERE reverses_setl_id <> ''",
];

/// Much of an answer is said more than once: this costs less than writing the bytes it saves. A
/// PostgreSQL that was built without lz4 keeps its default.
const COMPRESS: &str = "DO $$ BEGIN \
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN \
        ALTER TABLE settlements ALTER COLUMN case_json SET COMPRESSION lz4; \
        ALTER TABLE settlements ALTER COLUMN answer SET COMPRESSION lz4; \
    END IF; END $$";
