(* Residual branches beside the identity: a + alpha W a, and a + alpha W' phi(W a) with two independent matrices. *)
From Coq Require Import Reals Lia Lra FunctionalExtensionality.
From Vanishing Require Import Sums Recursions OneLayer Layers Backward.
Open Scope R_scope.

Definition beside (n : nat) (alpha : R) (w : matrix) (b a : vector) : vector := fun i => a i + alpha * z n w b i.

(* E f(a) behind some branches of one matrix, or of two *)
Fixpoint branched (n : nat) (alpha : R) (E : (matrix -> R) -> R) (branches : nat) (f : vector -> R) (x : vector) : R :=
  match branches with
  | O => f x
  | S rest => E (fun w => branched n alpha E rest f (beside n alpha w x x))
  end.

Fixpoint branched_twice (n : nat) (alpha slope : R) (E : (matrix -> R) -> R) (branches : nat) (f : vector -> R)
    (x : vector) : R :=
  match branches with
  | O => f x
  | S rest => E (fun w => E (fun u =>
      branched_twice n alpha slope E rest f (beside n alpha u (layer n slope w x) x)))
  end.

Section Branches.
  Variables (n : nat) (s2 alpha slope : R) (E : (matrix -> R) -> R).
  Hypothesis law : second_moments n n s2 E.
  Hypothesis normal : E (fun _ => 1) = 1.

  Let add := additive _ _ _ _ law.
  Let scale := homogeneous _ _ _ _ law.

  Lemma E_constant : forall c, E (fun _ => c) = c.
  Proof.
    intro c. replace (fun _ : matrix => c) with (fun _ : matrix => c * 1) by (extensionality w; ring).
    rewrite scale, normal. ring.
  Qed.

  Lemma E_z : forall b i, (i < n)%nat -> E (fun w => z n w b i) = 0.
  Proof.
    intros b i below. assert (E (fun w => z n w b i) = - E (fun w => z n w b i)); [| lra].
    rewrite <- (E_row_sign n n s2 E law i n (fun w => z n w b i)) at 1 by lia.
    replace (fun w => z n (flip_row i n w) b i) with (fun w => -1 * z n w b i) by
      (extensionality w; rewrite z_of_flip_row; ring).
    rewrite scale. ring.
  Qed.

  Theorem one_branch : forall b a,
    E (fun w => square n (beside n alpha w b a)) = square n a + alpha ^ 2 * (INR n * s2) * square n b.
  Proof.
    intros b a. unfold square at 1. rewrite (E_sum n n s2 E law).
    rewrite (sum_of_equals n _ (fun i => a i ^ 2 + alpha ^ 2 * s2 * square n b)).
    - rewrite sum_added, sum_of_constant. unfold square. ring.
    - intros i below. unfold beside.
      replace (fun w => (a i + alpha * z n w b i) ^ 2)
        with (fun w => a i ^ 2 + (2 * a i * alpha * z n w b i + alpha ^ 2 * z n w b i ^ 2)) by
        (extensionality w; ring).
      rewrite !add, !scale, E_z, (E_z_square n n s2 E law), E_constant by lia. ring.
  Qed.

  Theorem branched_square : forall branches x,
    branched n alpha E branches (square n) x = carried1 (1 + alpha ^ 2 * (INR n * s2)) (square n x) branches.
  Proof.
    induction branches as [| rest IH]; intro x; [reflexivity |]. simpl branched. rewrite carried1_is_a_power.
    transitivity (E (fun w => (1 + alpha ^ 2 * (INR n * s2)) ^ rest * square n (beside n alpha w x x))).
    - f_equal; extensionality w. rewrite IH, carried1_is_a_power. reflexivity.
    - rewrite scale, one_branch. simpl; ring.
  Qed.

  Theorem branched_twice_square : forall branches x,
    branched_twice n alpha slope E branches (square n) x
    = carried1 (1 + alpha ^ 2 * (INR n * s2) * (INR n * gate2 slope * s2)) (square n x) branches.
  Proof.
    induction branches as [| rest IH]; intro x; [reflexivity |]. simpl branched_twice. rewrite carried1_is_a_power.
    set (q := 1 + alpha ^ 2 * (INR n * s2) * (INR n * gate2 slope * s2)).
    transitivity (E (fun w => q ^ rest * square n x
      + q ^ rest * (alpha ^ 2 * (INR n * s2)) * square n (layer n slope w x))).
    - f_equal; extensionality w.
      transitivity (E (fun u => q ^ rest * square n (beside n alpha u (layer n slope w x) x))).
      + f_equal; extensionality u. rewrite IH, carried1_is_a_power. reflexivity.
      + rewrite scale, one_branch. ring.
    - rewrite add, E_constant, scale, (one_layer_square n n s2 slope E law). simpl; unfold q; ring.
  Qed.
End Branches.
