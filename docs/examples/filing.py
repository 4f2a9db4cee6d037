#!/usr/bin/env python3
"""Somebody insured in 南昌 files to live in 上海: a hospital asks before and after, an officer decides, a paper comes later.

Needs `yizhan serve` running, and the client code generated from proto/ on PYTHONPATH (README.md, "Integrate").
Everybody here is invented; each run registers somebody else.
"""
import datetime
import sys
import uuid

import grpc
from google.rpc import error_details_pb2, status_pb2
from yizhan.enrollment.v1 import enrollment_pb2 as en, enrollment_pb2_grpc as en_grpc
from yizhan.filing.v1 import filing_pb2 as fi, filing_pb2_grpc as fi_grpc

ENROLLMENT, FILING = (sys.argv[1:] + ["127.0.0.1:7201", "127.0.0.1:7203"])[:2]
PERSON = "FILING-" + uuid.uuid4().hex[:12]
HOME, PLACE, HOSPITAL_AREA = "360100", "310000", "310115"


def register(enrollment):
    """What the agency keeps: the person and the coverage."""
    enrollment.ImportPersons(en.ImportPersonsRequest(request_id=PERSON + "-1", rows=[
        en.PersonRow(psn_no=PERSON, psn_cert_type="99", certno=PERSON, psn_name="李示例", gend="2",
                     brdy="1970-06-15", poolarea_no=HOME)]))
    enrollment.ImportCoverages(en.ImportCoveragesRequest(request_id=PERSON + "-2", rows=[
        en.CoverageRow(psn_no=PERSON, insutype="310", psn_type="11", psn_insu_stas="1", begndate="2015-01-01")]))


def ask(filings):
    """What a hospital in 浦东 is told when the person is admitted today. It says no pooling area: filing asks enrollment."""
    answer = filings.FindFiling(fi.FindFilingRequest(
        psn_no=PERSON, insutype="310", mdtrtarea_admvs=HOSPITAL_AREA, begndate=today(), med_type="21",
        fixmedins_lv="third"), timeout=5).answer
    treatment = f"{fi.TreatmentKind.Name(answer.treatment.kind)} {answer.treatment.value}".strip()
    print("  ", answer.filing_class_name, "by", answer.rule_id)
    print("  ", f"settled directly: {treatment}, {answer.treatment.citation}" if answer.direct
          else f"not settled directly: {answer.reason} {answer.reason_text}; {answer.way_out}")


def today():
    """Days are days in Asia/Shanghai."""
    return datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date().isoformat()


def submit(filings, opter):
    """异地长期居住, on a signed commitment in place of the proof of residence; at a window, so it is accepted at once."""
    papers = ["certificate", "filing_form", "commitment_letter"]
    return filings.SubmitFiling(fi.SubmitFilingRequest(
        request_id=uuid.uuid4().hex, psn_no=PERSON, insutype="310", out_fil_type="07", rloc_admdvs=PLACE,
        materials=[fi.Material(material=paper) for paper in papers], dcla_souc="02", opter=opter), timeout=5).filing


def step(filings, filing, action, opter, **more):
    """One step of a filing."""
    filing = filings.AdvanceFiling(fi.AdvanceFilingRequest(
        request_id=uuid.uuid4().hex, filing_id=filing.filing_id, action=action, opter=opter, **more), timeout=5).filing
    show(filing)
    return filing


def show(filing):
    """Where it stands, and what is still to come."""
    parts = [fi.FilingState.Name(filing.state)]
    parts += [f"to be decided by {filing.due_date}"] * bool(filing.due_date)
    parts += [f"missing {paper.label}" for paper in filing.missing]
    parts += [f"to come by {filing.supply_by}"] * bool(filing.supply_by)
    print("  ", ", ".join(parts))


def why(error):
    """Reason, metadata and text for people of an error."""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    for detail in status_pb2.Status.FromString(packed).details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.LocalizedMessage):
            if detail.Is(kind.DESCRIPTOR):
                message = kind()
                detail.Unpack(message)
                print("  ", str(message).strip().replace("\n", " "))


def main():
    with grpc.insecure_channel(ENROLLMENT) as persons, grpc.insecure_channel(FILING) as channel:
        register(en_grpc.EnrollmentServiceStub(persons))
        filings = fi_grpc.FilingServiceStub(channel)
        print("Before:")
        ask(filings)
        print("Filed at a window, by officer W-01:")
        filing = submit(filings, "W-01")
        show(filing)
        print("W-01 may not decide:")
        try:
            step(filings, filing, fi.FILING_ACTION_COMPLETE, "W-01")
        except grpc.RpcError as error:
            why(error)
        print("W-02 completes; the commitment stands in for the proof:")
        step(filings, filing, fi.FILING_ACTION_COMPLETE, "W-02")
        ask(filings)
        print("The proof comes, and is looked at:")
        step(filings, filing, fi.FILING_ACTION_SUPPLY, "W-01", materials=[fi.Material(material="residence_proof")])
        step(filings, filing, fi.FILING_ACTION_COMPLETE, "W-02")
        print("Cancelled; today is still covered:")
        step(filings, filing, fi.FILING_ACTION_CANCEL, "W-02", reason="example")
        for taken in filings.GetFiling(fi.GetFilingRequest(filing_id=filing.filing_id)).steps:
            print("  ", taken.step_no, fi.FilingAction.Name(taken.action), taken.actor, taken.opter, taken.reason)


main()
