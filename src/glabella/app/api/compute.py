"""Check, simulate, plan and map: heavy work runs beside the event loop, and a full queue says so at once."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from glabella.app.api import answers, bodies
from glabella.app.api.errors import body_of
from glabella.app.api.said import BODY, errors
from glabella.app.heavy import Heavy, Job, StoppedError
from glabella.app.services import Services
from glabella.app.store import NotFoundError
from glabella.label import check_plan
from glabella.patient import Patient
from glabella.plan import Plan

JSON = "application/json"
LOOK_SECONDS = 0.5  # between two looks whether somebody still waits
OUTCOME = {
    "type": "object",
    "description": "An outcome as /api/v1/schemas/outcome describes it.",
    "required": ["schema", "frame", "version", "purpose", "seed", "plan", "patient", "findings", "days", "skin", "muscles", "unwanted"],
    "additionalProperties": True,
}


def compute_router(services: Services) -> APIRouter:
    """Routes that compute."""
    router, heavy, bench = APIRouter(tags=["compute"]), services.heavy, services.workbench

    @router.post("/check", response_model=answers.CheckAnswer, responses=errors(*BODY), summary="Compare a plan with the label")
    def check(asked: bodies.CheckAsked) -> dict[str, Any]:
        """Findings, the gravest first. A plan with one that refuses is not simulated."""
        findings = check_plan(_plan(asked.plan), _patient(asked.patient), on=asked.on)
        allowed = not any(finding.severity == "refuse" for finding in findings)
        return {"allowed": allowed, "findings": [{key: asdict(one)[key] for key in answers.FindingAnswer.model_fields} for one in findings]}

    @router.post(
        "/simulate", summary="Simulate a plan", response_class=Response,
        responses={
            200: {"description": "The outcome: curves over the days with bands.", "content": {JSON: {"schema": OUTCOME}}},
            **errors(*BODY, "refused", "busy"),
        },
    )  # fmt: skip
    async def simulate(asked: bodies.SimulateAsked, request: Request) -> Response:
        """The numbers of ``glabella.simulate`` with the same seed."""
        patient, plan = _patient(asked.patient), _plan(asked.plan)

        def work(job: Job) -> bytes:
            found = bench.outcome(patient, plan, asked.days, asked.samples, asked.seed, job.progress, job.cancelled)
            return _json(found.to_json())

        return Response(await heavy_result(heavy, request, "simulate", work), media_type=JSON)

    @router.post(
        "/risk-map", response_model=answers.RiskMapAnswer, responses=errors(*BODY, "refused", "busy"),
        summary="Where on this face a needle would be risky",
    )  # fmt: skip
    async def risk_map(asked: bodies.RiskMapAsked, request: Request) -> dict[str, Any]:
        """The chance of an unwanted effect if the units went in anywhere: an exploration of a model, no directive. About ten seconds."""
        patient = _patient(asked.patient)

        def work(job: Job) -> dict[str, Any]:
            found = bench.risk_map(
                patient, asked.product, asked.effect, asked.units, asked.depth_mm, diluent_ml=asked.diluent_ml, draws=asked.draws,
                progress=job.progress, cancelled=job.cancelled,
            )  # fmt: skip
            return _summary(found)

        return await heavy_result(heavy, request, "risk-map", work)

    @router.post(
        "/plan", status_code=202, response_model=answers.JobAnswer, responses=errors(*BODY, "busy"),
        summary="Explore the lowest dose within the label that reaches a goal",
    )  # fmt: skip
    def plan(asked: bodies.PlanAsked, response: Response) -> dict[str, Any]:
        """Answers at once with a job: ask for it until its state is done, failed or cancelled. Its result is a planned dose as
        /api/v1/schemas/planned describes it."""
        from glabella.planner.goal import Goal

        goal, patient = Goal.from_mapping(asked.goal), _patient(asked.patient)
        start = _plan(asked.start) if asked.start is not None else None

        def work(job: Job) -> bytes:
            found = bench.plan_dose(patient, goal, start, asked.draws, asked.samples, asked.seed, job.progress, job.cancelled)
            return _json(found.to_json())

        job = heavy.submit("plan", work, keep=True)
        response.headers["location"] = f"/api/v1/jobs/{job.id}"
        return _told(job)

    @router.get(
        "/jobs/{job}", response_model=answers.JobAnswer, responses=errors("not_found"), response_class=Response,
        summary="How far a job is, and its result",
    )  # fmt: skip
    def job(job: str) -> Response:
        """The result stays until some dozens of later jobs have ended, or the app ends."""
        found = _known(heavy, job)
        told = _told(found)
        body = _json(told)
        if told["state"] == "done":  # the result is text already
            body = body.replace(b'"result":null', b'"result":' + found.future.result(), 1)
        return Response(body, media_type=JSON)

    @router.delete("/jobs/{job}", response_model=answers.JobAnswer, responses=errors("not_found"), summary="Cancel a job")
    def cancel(job: str) -> dict[str, Any]:
        """One that waits ends at once, one that runs at its next step; one that has ended stays as it is."""
        found = _known(heavy, job)
        heavy.cancel(found)
        return _told(found)

    return router


async def heavy_result(heavy: Heavy, request: Request, kind: str, work: Callable[[Job], Any]) -> Any:
    """The result of heavy work; it is cancelled when nobody waits for it any more."""
    job = heavy.submit(kind, work)
    waiting = asyncio.wrap_future(job.future)
    waiting.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # read, also when nobody waits any more
    while not waiting.done():
        await asyncio.wait({waiting}, timeout=LOOK_SECONDS)
        if not waiting.done() and await request.is_disconnected():
            heavy.cancel(job)
            raise StoppedError(f"{kind}: nobody waits for it any more")
    return waiting.result()


def _known(heavy: Heavy, name: str) -> Job:
    job = heavy.job(name)
    if job is None:
        raise NotFoundError(f"job {name}: there is none of this id; it may have ended long ago")
    return job


def _told(job: Job) -> dict[str, Any]:
    ended = job.future.done()
    state = job.state if ended == (job.state not in ("waiting", "running")) else "running"
    error = job.future.exception() if ended and state == "failed" else None
    return {
        "id": job.id, "kind": job.kind, "state": state, "stage": job.stage, "share": job.share, "result": None,
        "error": body_of(error)["error"] if error is not None else None,
    }  # fmt: skip


def _plan(body: bodies.Plan) -> Plan:
    return Plan.from_mapping(body.tables())


def _patient(body: bodies.Patient) -> Patient:
    return Patient.from_mapping(body.tables())


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _summary(found: Any) -> dict[str, Any]:
    from glabella.outcome import FRAME
    from glabella.planner.risk_map_document import NOTE, summary_lines, where_is

    top = int(found.probability.argmax())
    chances = {name: {"value": one.value, "low": one.low, "high": one.high} for name, one in found.sites.items()}
    return {
        "effect": found.effect, "product": found.product, "units": found.units, "depth_mm": found.depth_mm, "volume_ml": found.volume_ml,
        "frame": FRAME, "note": NOTE, "draws": found.draws,
        "highest": {name: float(getattr(found, key)[top]) for name, key in (("value", "probability"), ("low", "low"), ("high", "high"))},
        "highest_at": where_is(found, top), "sites": {name: chances.get(name) for name in found.licensed_sites},
        "lines": summary_lines(found),
    }  # fmt: skip
