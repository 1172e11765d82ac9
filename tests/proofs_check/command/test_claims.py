"""`check`: what its options ask for is what is told."""


def test_a_claim_is_compared_with_false_variants_and_says_how_sharp_it_is(vanishing):
    ran = vanishing("check 'E|a_L|^2 = |x|^2' --activation relu --init he")
    assert ran.status == 0
    assert "  sharpness: 5 of 5 false variants refuted" in ran.out
