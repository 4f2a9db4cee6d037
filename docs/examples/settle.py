#!/usr/bin/env python3
"""Registers a hospital, an item and a person, then previews, settles, prints and reverses one stay.

Needs `yizhan serve` running, and the client code generated from proto/ on PYTHONPATH (README.md, "Integrate").
Everybody and everything here is invented. Run it again: the registrations are answered as before.
"""
import sys
import uuid

import grpc
from google.rpc import error_details_pb2, status_pb2
from yizhan.enrollment.v1 import enrollment_pb2 as en, enrollment_pb2_grpc as en_grpc
from yizhan.settlement.v1 import reference_pb2 as ref, reference_pb2_grpc as ref_grpc
from yizhan.settlement.v1 import settlement_pb2 as st, settlement_pb2_grpc as st_grpc

ENROLLMENT, SETTLEMENT = (sys.argv[1:] + ["127.0.0.1:7201", "127.0.0.1:7202"])[:2]
HOSPITAL, ITEM, PERSON, AREA = "H43020000009", "XC05CAQ005B014010204139", "EXAMPLE-1", "430200"


def register(enrollment, institutions, catalogue):
    """What agencies keep: the institution, the catalogue entry, the person and the coverage."""
    institutions.ImportInstitutions(ref.ImportInstitutionsRequest(request_id="example-1", institutions=[
        ref.Institution(fixmedins_code=HOSPITAL, fixmedins_name="株洲示例医院", level="third", admdvs=AREA,
                        fixmedins_type="1")]))
    catalogue.ImportCatalogue(ref.ImportCatalogueRequest(request_id="example-2", items=[
        ref.CatalogueItem(hilist_code=ITEM, name="注射用七叶皂苷钠", list_type="101", chrgitm_lv="02", admdvs=AREA,
                          begndate="2024-01-01", selfpay_prop="0.1", source="example")]))
    enrollment.ImportPersons(en.ImportPersonsRequest(request_id="example-3", rows=[
        en.PersonRow(psn_no=PERSON, psn_cert_type="99", certno="EXAMPLE-1", psn_name="王示例", gend="1",
                     brdy="1982-02-28", poolarea_no=AREA)]))
    enrollment.ImportCoverages(en.ImportCoveragesRequest(request_id="example-4", rows=[
        en.CoverageRow(psn_no=PERSON, insutype="310", psn_type="11", psn_insu_stas="1", begndate="2015-01-01")]))


def stay():
    """A stay of five days with one line: 100 at 143.50 yuan."""
    line = st.FeeLine(feedetl_sn="ZY-1-1", hilist_code=ITEM, cnt="100", pric="143.5", det_item_fee_sumamt_fen=1435000)
    return st.Visit(psn_no=PERSON, insutype="310", mdtrt_id="EXAMPLE-ZY-1", med_type="21", begndate="2025-05-05",
                    enddate="2025-05-09", fixmedins_code=HOSPITAL, dise_codg=["I10.x00"], feedetail=[line])


def why(error):
    """Reason, text for people, and every field that is wrong, of an error."""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    for detail in status_pb2.Status.FromString(packed).details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.LocalizedMessage, error_details_pb2.BadRequest):
            if detail.Is(kind.DESCRIPTOR):
                message = kind()
                detail.Unpack(message)
                print(message)


def main():
    with grpc.insecure_channel(ENROLLMENT) as persons, grpc.insecure_channel(SETTLEMENT) as channel:
        register(en_grpc.EnrollmentServiceStub(persons), ref_grpc.InstitutionServiceStub(channel),
                 ref_grpc.CatalogueServiceStub(channel))
        settlement = st_grpc.SettlementServiceStub(channel)
        preview = settlement.Preview(st.PreviewRequest(visit=stay()), timeout=5)
        request = st.SettleRequest(request_id=uuid.uuid4().hex[:30], visit=stay(), quote_id=preview.quote.quote_id)
        info = settlement.Settle(request, timeout=5).settlement.setlinfo
        print("fund", info.fund_pay_sumamt_fen, "cash", info.psn_cash_pay_fen, "of", info.medfee_sumamt_fen, "fen")
        again = settlement.Settle(request, timeout=5)
        assert again.replayed and again.settlement.setlinfo.setl_id == info.setl_id
        print(settlement.GetStatement(st.GetStatementRequest(setl_id=info.setl_id)).text)
        settlement.Reverse(st.ReverseRequest(request_id=uuid.uuid4().hex[:30], psn_no=PERSON, setl_id=info.setl_id,
                                             reason="example"), timeout=5)
        try:
            settlement.Settle(st.SettleRequest(request_id="x", visit=st.Visit(psn_no=PERSON)), timeout=5)
        except grpc.RpcError as error:
            why(error)


main()
