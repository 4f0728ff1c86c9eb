from escriba.sampling import tables


def test_the_committed_tables_are_what_their_definition_gives():
    assert tables.load() == tables.generate()
    assert tables.PATH.read_text() == tables.write(tables.generate())


def test_the_tables_never_change():
    """Other tables would be another arithmetic: request.ARITHMETIC would have to change."""
    assert tables.digest(tables.load()) == tables.DIGEST
    assert tables.DIGEST == "18e879667131753ce8be6bdcaa95c16b68d65f416e5b1e93f37987952eac40fb"


def test_some_values():
    found = tables.load()
    assert (len(found.tanh), len(found.power)) == (513, 1025)
    assert (found.tanh[0], found.tanh[64], found.tanh[512]) == (0, 24956, 32768)
    assert found.tanh[511] == found.tanh[512]  # the kernel never looks beyond
    assert (found.power[0], found.power[512], found.power[1024]) == (2**30, 759250125, 2**29)
