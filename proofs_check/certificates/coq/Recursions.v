(* What a linear map carries from one step to the next, and when a closed form is all of it. *)
From Coq Require Import Reals Lia Lra.
Open Scope R_scope.

(* One number: a, q a, q q a, ... *)
Fixpoint carried1 (q a : R) (steps : nat) : R :=
  match steps with
  | O => a
  | S before => q * carried1 q a before
  end.

(* Two numbers, carried by the matrix ((a, b), (c, d)). *)
Fixpoint carried2 (a b c d u v : R) (steps : nat) : R * R :=
  match steps with
  | O => (u, v)
  | S before =>
      let (p, q) := carried2 a b c d u v before in (a * p + b * q, c * p + d * q)
  end.

Definition first (a b c d u v : R) (steps : nat) : R := fst (carried2 a b c d u v steps).
Definition second (a b c d u v : R) (steps : nat) : R := snd (carried2 a b c d u v steps).

Lemma carried1_is_a_power : forall q a steps, carried1 q a steps = q ^ steps * a.
Proof. intros q a steps; induction steps as [| k IH]; simpl; [ring |]. rewrite IH. ring. Qed.

(* A map of one row and two numbers, of which only the first matters where b = 0. *)
Lemma first_alone : forall a c d u v steps, first a 0 c d u v steps = carried1 a u steps.
Proof.
  intros a c d u v steps; unfold first; induction steps as [| k IH]; [reflexivity |].
  simpl. rewrite <- IH. destruct (carried2 a 0 c d u v k). simpl. ring.
Qed.

Lemma first_step : forall a b c d u v k,
  first a b c d u v (S k) = a * first a b c d u v k + b * second a b c d u v k.
Proof. intros; unfold first, second; simpl; destruct (carried2 a b c d u v k); reflexivity. Qed.

Lemma second_step : forall a b c d u v k,
  second a b c d u v (S k) = c * first a b c d u v k + d * second a b c d u v k.
Proof. intros; unfold first, second; simpl; destruct (carried2 a b c d u v k); reflexivity. Qed.

(* Cayley and Hamilton for two rows. *)
Lemma first_recursion : forall a b c d u v k,
  first a b c d u v (S (S k)) = (a + d) * first a b c d u v (S k) - (a * d - b * c) * first a b c d u v k.
Proof. intros. rewrite !first_step, second_step. ring. Qed.

(* Two steps and the recursion determine everything. *)
Theorem two_steps_determine : forall (p q : R) (one other : nat -> R),
  (forall k, one (S (S k)) = p * one (S k) - q * one k) ->
  (forall k, other (S (S k)) = p * other (S k) - q * other k) ->
  one 0%nat = other 0%nat -> one 1%nat = other 1%nat ->
  forall k, one k = other k.
Proof.
  intros p q one other step_one step_other at0 at1.
  assert (both : forall k, one k = other k /\ one (S k) = other (S k)).
  { induction k as [| k [now next]]; [now split |].
    split; [exact next |]. rewrite step_one, step_other, now, next. reflexivity. }
  intro k; apply both.
Qed.

(* Carrying is linear in what it starts from, and may be done from either end. *)
Lemma first_is_linear : forall a b c d u v k,
  first a b c d u v k = first a b c d 1 0 k * u + first a b c d 0 1 k * v
  /\ second a b c d u v k = second a b c d 1 0 k * u + second a b c d 0 1 k * v.
Proof.
  intros a b c d u v k; induction k as [| k [one two]].
  - unfold first, second; simpl; split; ring.
  - rewrite !first_step, !second_step, one, two. split; ring.
Qed.

Lemma from_the_other_end : forall a b c d u v k,
  first a b c d (a * u + b * v) (c * u + d * v) k = first a b c d u v (S k)
  /\ second a b c d (a * u + b * v) (c * u + d * v) k = second a b c d u v (S k).
Proof.
  intros a b c d u v k; induction k as [| k [one two]].
  - unfold first, second; simpl; split; ring.
  - rewrite (first_step a b c d (a * u + b * v)), (second_step a b c d (a * u + b * v)), one, two.
    rewrite (first_step _ _ _ _ u v (S k)), (second_step _ _ _ _ u v (S k)). split; ring.
Qed.
