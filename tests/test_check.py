"""`escriba check`, `refresh` and `prune` over the posts of a site."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from escriba.evidence import proof
from escriba.evidence.answers import Answered
from escriba.evidence.question import Use
from escriba.ground.digest import text_digest
from escriba.ground.errors import FrozenError, SourceError
from escriba.ground.project import Project, load
from escriba.hosts.expand import expand_files
from escriba.site.build import build
from escriba.upkeep.check import Report, check, prune, refresh
from escriba.upkeep.explain import explain
from support.blogs import make_site, tree
from support.models import make_model

POST = "2020-10-01-redes.md"


@pytest.fixture
def site(tmp_path: Path) -> Project:
    made = make_site(tmp_path / "site")
    build(made)
    return made


def samples(site: Project) -> list[Path]:
    return sorted((site.models / "mini" / "samples").iterdir())


def without_prompt(site: Project) -> Path:
    (path,) = [path for path in samples(site) if "la red" not in path.read_text()]
    return path


def edit(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"~")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def problems(site: Project) -> list[str]:
    with pytest.raises(FrozenError) as caught:
        check(site)
    return [str(problem) for problem in caught.value.problems]


def test_a_site_as_it_was_built_is_right(site: Project) -> None:
    before = tree(site.root)
    report = check(site)
    assert report == Report(2)
    assert str(report) == "2 frozen samples are what the models write, character for character"
    assert tree(site.root) == before


def test_the_three_ways_to_be_wrong_are_told_apart(site: Project) -> None:
    edit(without_prompt(site))
    change(site.posts / POST, "seed: 7", "seed: 8")
    block = "> A quotation.\n\n```escriba sample\nmodel: mini\nlength: 5\n```\n"
    change(site.posts / "2020-11-02-networks.md", "> A quotation.\n", block)
    found = {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in problems(site)}
    assert list(found) == [
        "posts/2020-10-01-redes.md:31:1:",
        "posts/2020-10-01-redes.md:39:1:",
        "posts/2020-11-02-networks.md:20:1:",
    ]
    stale, wrong, missing = found.values()
    assert "is stale: seed was 7 and is 8; `escriba refresh` makes the new one" in stale
    assert "was edited" in wrong
    assert "`escriba refresh`" in wrong
    assert "is missing; `escriba build` makes it" in missing


def test_mending_makes_everything_right(site: Project) -> None:
    before = {path.name: path.read_bytes() for path in samples(site)}
    change(site.posts / POST, "seed: 7", "seed: 8")
    edit(without_prompt(site))
    report = refresh(site)
    assert report.samples == 2
    assert sorted(state for _, state in report.written) == ["edited", "stale"]
    assert str(report).endswith(
        "2 frozen samples are what the models write, character for character"
    )
    assert check(site) == Report(2)
    assert build(site, frozen=True).written == 2
    change(site.posts / POST, "seed: 8", "seed: 7")
    refresh(site)
    assert {path.name: path.read_bytes() for path in samples(site)} == before


def test_what_is_hidden_is_nobodys_problem_but_keeps_its_samples(site: Project) -> None:
    draft = site.posts / "drafts" / "idea.md"
    draft.write_text(draft.read_text() + "\n```escriba sample\nmodel: mini\nlength: 7\n```\n")
    assert check(site) == Report(2), "a draft without its sample"
    build(site, drafts=True)
    assert len(samples(site)) == 3
    assert prune(site) == []
    change(site.posts / POST, "seed: 7", "seed: 8")
    (line,) = problems(site)
    assert "seed was 7 and is 8" in line, "paired with the sample of the draft"
    draft.write_text("---\ntitle: [\n---\n")
    assert len(problems(site)) == 1, "a draft that is broken"
    for strict in (lambda: prune(site), lambda: refresh(site)):
        with pytest.raises(SourceError):
            strict()
    assert len(samples(site)) == 3, "what a broken draft uses is not known"


def test_prune_removes_what_nobody_uses(site: Project) -> None:
    change(site.posts / POST, "seed: 7", "seed: 8")
    build(site)
    old = samples(site)
    (unused,) = prune(site, dry_run=True)
    assert samples(site) == old
    assert prune(site) == [unused]
    assert samples(site) == [path for path in old if path != unused]
    assert check(site) == Report(2)


def test_mistakes_in_posts_are_reported_as_such(site: Project) -> None:
    change(site.posts / POST, "show: code", "show: cod")
    with pytest.raises(SourceError) as caught:
        check(site)
    assert str(caught.value) == (
        "posts/2020-10-01-redes.md:42:7: 'show' must be one of prose, code, math, verbatim, "
        "not 'cod'"
    )


def test_a_use_is_where_it_is_in_the_file_whatever_liquid_removed(site: Project) -> None:
    path = site.posts / POST
    before = path.read_text()
    edit(without_prompt(site))
    edit(next(sample for sample in samples(site) if sample != without_prompt(site)))
    lines = [int(problem.split(":")[1]) for problem in problems(site) if POST in problem]
    assert lines
    body = before.index("---\n", 4) + 4
    comment = "{% comment %}\na\nb\n{% endcomment %}\n\n"
    path.write_text(before[:body] + comment + before[body:])
    moved = [int(problem.split(":")[1]) for problem in problems(site) if POST in problem]
    assert moved == [line + 5 for line in lines]


def test_a_refresh_of_one_post_or_one_model_leaves_the_rest(site: Project) -> None:
    for path in samples(site):
        edit(path)
    other = site.posts / "2020-11-02-networks.md"
    other.write_text(other.read_text() + "\n```escriba sample\nmodel: mini\nlength: 5\n```\n")
    broken = {path: path.read_bytes() for path in samples(site)}
    report = refresh(site, ["2020-11-02-networks"])
    assert (report.samples, [state for _, state in report.written]) == (1, ["missing"])
    assert {path: path.read_bytes() for path in broken} == broken
    assert refresh(site, [f"posts/{POST}"]).samples == 2
    assert check(site) == Report(3)
    edit(samples(site)[0])
    assert [state for _, state in refresh(site, ["mini"]).written] == ["edited"]
    assert refresh(site, ["mini"]) == Report(3)
    with pytest.raises(SourceError) as caught:
        refresh(site, ["minni", "nothing.md"])
    first, second = caught.value.problems
    assert str(first) == "there is no post and no model 'minni' (did you mean 'mini'?)"
    assert str(second).startswith("there is no post and no model 'nothing.md'")


def test_only_what_is_named_is_sampled(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    other = site.posts / "2020-11-02-networks.md"
    other.write_text(other.read_text() + "\n```escriba sample\nmodel: mini\nlength: 5\n```\n")
    draft = site.posts / "drafts" / "idea.md"
    draft.write_text(draft.read_text() + "\n```escriba sample\nmodel: mini\nlength: 7\n```\n")
    build(site, drafts=True)
    sampled: list[int] = []
    original = proof.answer_together

    def answer_together(uses: Sequence[Use], *rest: Any) -> Answered:
        sampled.extend(use.question.cost for use in uses)
        return original(uses, *rest)

    monkeypatch.setattr(proof, "answer_together", answer_together)
    for names, lengths in (
        (["2020-11-02-networks"], [5]),
        (["idea"], [7]),
        ([POST], [90, 200]),
        ([], [5, 7, 90, 200]),
    ):
        sampled.clear()
        refresh(site, names)
        assert sorted(sampled) == lengths
    sampled.clear()
    check(site)
    assert 7 not in sampled, "what only a draft asks for is nobody's problem"
    assert len(sampled) == 3


def test_a_refresh_that_is_stopped_is_gone_on_with(
    site: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(site.posts / POST, "seed: 7", "seed: 8")
    whole = site.root.parent / "whole"
    shutil.copytree(site.root, whole)
    refresh(load(whole))
    expected = {path.name: path.read_bytes() for path in samples(load(whole))}
    original = Path.replace

    def replace(self: Path, goal: Path) -> Path:
        if self.suffix == ".txt":  # not a draft: the old file, which has the new text already
            raise KeyboardInterrupt
        return original(self, goal)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            refresh(site)
    assert len(samples(site)) == 2, "nothing is lost"
    (problem,) = problems(site)
    assert "is missing; `escriba build` makes it" in problem
    refresh(site)
    assert {path.name: path.read_bytes() for path in samples(site)} == expected


def test_a_diff_shows_what_was_changed(site: Project) -> None:
    path = without_prompt(site)
    edit(path)
    told: list[str] = []
    with pytest.raises(FrozenError):
        check(site, told.append)
    (difference,) = told
    lines = difference.split("\n")
    assert lines[:2] == [f"--- {site.shown(path).as_posix()}", "+++ mini, sampled now"]
    (removed,) = [line for line in lines[2:] if line.startswith("-")]
    (added,) = [line for line in lines[2:] if line.startswith("+")]
    assert removed[1:-1] == added[1:-1]
    assert removed.endswith("~")
    told.clear()
    refresh(site)
    check(site, told.append)
    assert told == []


@pytest.fixture
def elsewhere(tmp_path: Path) -> Project:
    """A project whose documents are another generator's."""
    (tmp_path / "escriba.yml").write_text("documents: [docs]\n")
    make_model(tmp_path / "models" / "mini")
    block = "```escriba sample\nmodel: mini\nlength: 20\nseed: SEED\n```\n"
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "docs" / "a.md").write_text(f"---\ntitle: A\n---\n\n{block.replace('SEED', '1')}")
    (tmp_path / "docs" / "deep" / "b.md").write_text(f"# B\n\n{block.replace('SEED', '2')}")
    project = load(tmp_path)
    expand_files(
        project, [tmp_path / "docs"], tmp_path / "out", check=False, frozen=False, style=False
    )
    return project


def test_documents_of_another_generator_are_checked(elsewhere: Project) -> None:
    assert check(elsewhere) == Report(2)
    assert prune(elsewhere) == []
    (path,) = [path for path in samples(elsewhere) if "seed: 2" in path.read_text()]
    head, mark, text = path.read_text().partition("\n---\n")
    forged = head.replace(text_digest(text), text_digest("forged")) + mark + "forged"
    path.write_text(forged)
    (problem,) = problems(elsewhere)
    assert problem.startswith("docs/deep/b.md:3:1: ")
    assert "its text is not what the model writes" in problem
    assert refresh(elsewhere, ["docs/a.md"]).written == ()
    assert [state for _, state in refresh(elsewhere, ["docs/deep/b.md"]).written] == ["edited"]
    assert check(elsewhere) == Report(2)
    (elsewhere.root / "docs" / "a.md").write_text("Nothing.\n")
    assert len(prune(elsewhere)) == 1


def test_a_document_is_explained(elsewhere: Project) -> None:
    (block,) = explain(elsewhere, "docs/deep/b.md")
    (sampled,) = block.answers
    assert (str(block.place), block.kind, sampled.finding) == ("docs/deep/b.md:3:1", "sample", None)
    assert sampled.path in [elsewhere.shown(path) for path in samples(elsewhere)]
    with pytest.raises(SourceError) as caught:
        explain(elsewhere, "docs/b.md")
    assert str(caught.value) == "there is no post 'docs/b.md' (did you mean 'docs/a.md'?)"


def test_without_posts_and_documents_nothing_is_pruned(elsewhere: Project) -> None:
    (elsewhere.root / "escriba.yml").write_text("")
    bare = load(elsewhere.root)
    for command in (check, refresh, prune):
        with pytest.raises(SourceError) as caught:
            command(bare)  # type: ignore[operator]
        assert str(caught.value) == (
            "escriba.yml: there is no post in posts/, and no document in a folder that 'documents' of "
            "escriba.yml names"
        )
    assert len(samples(bare)) == 2


def test_mistakes_in_documents_have_their_place(elsewhere: Project) -> None:
    (elsewhere.root / "escriba.yml").write_text("documents: [docs, doks]\n")
    change(elsewhere.root / "docs" / "a.md", "seed", "sed")
    with pytest.raises(SourceError) as caught:
        check(load(elsewhere.root))
    assert [str(problem) for problem in caught.value.problems] == [
        "docs/a.md:8:1: unknown option 'sed' (did you mean 'seed'?)",
        "escriba.yml: there is no Markdown in doks/, which 'documents' names",
    ]


def test_two_branches_that_add_samples_merge(site: Project) -> None:
    """Every sample is a file of its own, named by its request: real git has nothing to resolve."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed")

    def run(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        subprocess.run([git, *who, *words], cwd=site.root, check=True, capture_output=True)

    def add(line: str, seed: int) -> None:
        block = f"{line}\n\n```escriba sample\nmodel: mini\nlength: 20\nseed: {seed}\n```\n"
        change(site.posts / POST, line, block)
        build(site)
        run("add", "--all")
        run("commit", "-m", str(seed))

    path = site.posts / POST
    path.write_text(path.read_text() + "\nThe first place.\n\nBetween.\n\nThe second place.\n")
    (site.root / ".gitignore").write_text("/site/\n/.escriba/\n")
    run("init", "--initial-branch", "main")
    run("add", "--all")
    run("commit", "-m", "start")
    run("checkout", "-b", "other")
    add("The first place.", 21)
    run("checkout", "main")
    add("The second place.", 22)
    run("merge", "other", "-m", "both")
    assert check(site) == Report(4)
    assert len(samples(site)) == 4
