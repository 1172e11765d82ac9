(* Many layers of one width: E f(a_L), for all depths L, from what is assumed of one layer. *)
From Coq Require Import Reals Lia Lra FunctionalExtensionality.
From Vanishing Require Import Sums Recursions OneLayer.
Open Scope R_scope.

(* E f(a_L) from a_0 = x: the expectations over independent layers, one inside the other. *)
Fixpoint after (n : nat) (slope : R) (E : (matrix -> R) -> R) (depth : nat) (f : vector -> R) (x : vector) : R :=
  match depth with
  | O => f x
  | S rest => E (fun w => after n slope E rest f (layer n slope w x))
  end.

Theorem square_after : forall n s2 slope E, second_moments n n s2 E -> forall depth x,
  after n slope E depth (square n) x = carried1 (INR n * gate2 slope * s2) (square n x) depth.
Proof.
  intros n s2 slope E law depth; induction depth as [| depth IH]; intro x; [reflexivity |].
  simpl after. rewrite carried1_is_a_power.
  transitivity (E (fun w => (INR n * gate2 slope * s2) ^ depth * square n (layer n slope w x))).
  { f_equal; extensionality w. rewrite IH, carried1_is_a_power. reflexivity. }
  rewrite (homogeneous _ _ _ _ law), (one_layer_square n n s2 slope E law). simpl; ring.
Qed.

Theorem fourth_after : forall n s2 K slope E, fourth_moments n n s2 K E -> forall depth x,
  let unit := INR n * gate4 slope * s2 ^ 2 in
  after n slope E depth (fun a => square n a ^ 2) x
  = first (unit * 3 + INR n * (INR n - 1) * gate2 slope ^ 2 * s2 ^ 2) (unit * (K - 3)) (unit * 3) (unit * (K - 3))
      (square n x ^ 2) (fourth n x) depth.
Proof.
  intros n s2 K slope E law depth; induction depth as [| depth IH]; intros x unit; [reflexivity |].
  simpl after. subst unit.
  transitivity (E (fun w =>
    first (INR n * gate4 slope * s2 ^ 2 * 3 + INR n * (INR n - 1) * gate2 slope ^ 2 * s2 ^ 2)
      (INR n * gate4 slope * s2 ^ 2 * (K - 3)) (INR n * gate4 slope * s2 ^ 2 * 3)
      (INR n * gate4 slope * s2 ^ 2 * (K - 3)) 1 0 depth * square n (layer n slope w x) ^ 2
    + first (INR n * gate4 slope * s2 ^ 2 * 3 + INR n * (INR n - 1) * gate2 slope ^ 2 * s2 ^ 2)
      (INR n * gate4 slope * s2 ^ 2 * (K - 3)) (INR n * gate4 slope * s2 ^ 2 * 3)
      (INR n * gate4 slope * s2 ^ 2 * (K - 3)) 0 1 depth * fourth n (layer n slope w x))).
  { f_equal; extensionality w. rewrite IH. apply first_is_linear. }
  rewrite (additive _ _ _ _ (to_second _ _ _ _ _ law)), !(homogeneous _ _ _ _ (to_second _ _ _ _ _ law)).
  rewrite (one_layer_fourth n n s2 K slope E law), (one_layer_of_fourth_powers n n s2 K slope E law).
  rewrite <- (proj1 (from_the_other_end _ _ _ _ (square n x ^ 2) (fourth n x) depth)).
  symmetry; apply first_is_linear.
Qed.

Lemma fourth_of_square : forall r : R, (r ^ 2) ^ 2 = r ^ 4.
Proof. intro r; ring. Qed.
