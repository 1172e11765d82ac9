(* How the steps of a proof are closed: powers are taken apart, and what is left is an identity in a field. *)
From Coq Require Import Reals Lia Lra.
Open Scope R_scope.

(* x^(a + b) = x^a x^b, x^(a b) = (x^a)^b, and numbers of steps as real numbers *)
Ltac powers :=
  rewrite ?plus_INR, ?mult_INR; rewrite ?pow_add, ?pow_mult in *;
  change (INR 0) with 0; change (INR 1) with 1; change (INR 2) with (1 + 1).

(* What is divided by is not 0: it is assumed, a power or a product, or positive. *)
Ltac nonzero :=
  repeat match goal with
  | |- _ /\ _ => split
  | |- ?x <> 0 => assumption
  | |- ?x * ?y <> 0 => apply Rmult_integral_contrapositive_currified
  | |- ?x ^ ?k <> 0 => apply pow_nonzero
  | |- / ?x <> 0 => apply Rinv_neq_0_compat
  | H : ?d <> 0 |- ?x <> 0 => let Z := fresh in intro Z; apply H; replace d with x by ring; exact Z
  | H : ?d <> 0 |- ?x <> 0 => let Z := fresh in intro Z; apply H; replace d with (- x) by ring; rewrite Z; ring
  | |- ?x <> 0 => solve [intro; lra | intro; nra]
  end.

Ltac closes := solve [reflexivity | ring | field; nonzero].
