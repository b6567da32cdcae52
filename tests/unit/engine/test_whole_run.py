from pipeline.domain.outcome import Outcome, Verdict
from pipeline.engine.local import complete
from pipeline.engine.queries import view_run
from pipeline.engine.submit import submit


def test_scripted_run_is_accepted(services):
    run = submit(services, "acme", b"bytes", name="npu8.tar")
    done = complete(services, services.dispatcher, "acme", run.id)
    view = view_run(services, "acme", str(run.number))
    assert done.verdict is Verdict.ACCEPTED
    assert [step.result.outcome for step in view.steps if step.result] == [Outcome.PASSED] * 7
    assert view.finished
