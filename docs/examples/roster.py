#!/usr/bin/env python3
"""A department sends a roster of identities, goes on where it stopped, and reads what became of each row.

Needs `yizhan serve` running, and the client code generated from proto/ on PYTHONPATH (README.md, "Integrate").
Everybody here is invented. Run it again: the same roster changes nothing. Kill it half-way: it goes on.
"""
import hashlib
import queue
import sys

import grpc
from yizhan.enrollment.v1 import enrollment_pb2 as en, enrollment_pb2_grpc as en_grpc
from yizhan.enrollment.v1 import roster_pb2 as ro, roster_pb2_grpc as ro_grpc

ENROLLMENT = (sys.argv[1:] + ["127.0.0.1:7201"])[0]
AREA, PERSONS, ROWS_PER_MESSAGE = "430200", ["ROSTER-1", "ROSTER-2", "ROSTER-3"], 1000


def register(enrollment):
    """What the agency keeps: the persons."""
    enrollment.ImportPersons(en.ImportPersonsRequest(request_id="roster-1", rows=[
        en.PersonRow(psn_no=psn_no, psn_cert_type="99", certno=psn_no, psn_name="王示例", gend="2", brdy="1950-03-01",
                     poolarea_no=AREA) for psn_no in PERSONS]))


def digest(rows):
    """As RosterSeal says: every row's text is chained to the ones before."""
    total = bytes(32)
    for number, row in enumerate(rows, 1):
        fields = [str(number), row.psn_no, row.psn_cert_type, row.certno, row.psn_idet_type, row.name,
                  str(row.action), row.begndate, row.enddate]
        total = hashlib.sha256(total + "\x1f".join(fields).encode()).digest()
    return total.hex()


def send(rosters, header, rows):
    """Header, then the rows the service does not have yet, then the seal; gives the refused rows and the summary."""
    ready = queue.SimpleQueue()

    def messages():
        yield ro.LoadRosterRequest(header=header)
        for first in range(ready.get(timeout=60), len(rows) + 1, ROWS_PER_MESSAGE):
            part = rows[first - 1:first - 1 + ROWS_PER_MESSAGE]
            yield ro.LoadRosterRequest(rows=ro.RosterRows(first_row_number=first, rows=part))
        yield ro.LoadRosterRequest(seal=ro.RosterSeal(row_count=len(rows), digest=digest(rows)))

    refused = []
    for told in rosters.LoadRoster(messages()):
        part = told.WhichOneof("part")
        if part == "ready":
            ready.put(told.ready.next_row_number)  # 1 at first; after a broken stream the row to go on with
        elif part == "results":
            refused += [(row.row_number, row.reason) for row in told.results.results]
        elif part == "summary":
            return refused, told.summary


def main():
    with grpc.insecure_channel(ENROLLMENT) as channel:
        register(en_grpc.EnrollmentServiceStub(channel))
        rosters = ro_grpc.RosterServiceStub(channel)
        add = ro.ROSTER_ACTION_ADD
        rows = [ro.RosterRow(psn_no=psn_no, name="低保", action=add) for psn_no in PERSONS]
        rows.append(ro.RosterRow(psn_no="NOBODY", name="低保", action=add))  # refused by itself
        header = ro.RosterHeader(roster_id="example-2026-11", poolarea_no=AREA, department="civil-affairs",
                                 mode=ro.ROSTER_MODE_FULL, effective_date="2026-11-01", total_rows=len(rows),
                                 kinds=["低保"])
        refused, summary = send(rosters, header, rows)
        print("refused", refused)
        print(summary)


main()
