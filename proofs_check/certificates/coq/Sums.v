(* Finite sums over the units of a layer. *)
From Coq Require Import Reals Lia Lra.
Open Scope R_scope.

Fixpoint sum (n : nat) (f : nat -> R) : R :=
  match n with
  | O => 0
  | S m => sum m f + f m
  end.

Lemma sum_of_equals : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> sum n f = sum n g.
Proof.
  induction n as [| n IH]; intros f g same; simpl; [reflexivity |].
  rewrite (IH f g), (same n) by (try intros; try apply same; lia). reflexivity.
Qed.

Lemma sum_of_constant : forall n c, sum n (fun _ => c) = INR n * c.
Proof. induction n as [| n IH]; intros c; [simpl; ring |]. simpl sum. rewrite IH, S_INR. ring. Qed.

Lemma sum_scaled : forall n c f, sum n (fun i => c * f i) = c * sum n f.
Proof. induction n as [| n IH]; intros c f; simpl; [ring |]. rewrite IH. ring. Qed.

Lemma sum_added : forall n f g, sum n (fun i => f i + g i) = sum n f + sum n g.
Proof. induction n as [| n IH]; intros f g; simpl; [ring |]. rewrite IH. ring. Qed.
